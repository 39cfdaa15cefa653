//! Nodes that run out of something.

use serde::Serialize;

use super::{excerpt, meta, non_empty};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{NODES, Node},
};

const KEY: &str = "NODE_RESOURCE_PRESSURE";
const PRESSURES: [&str; 3] = ["MemoryPressure", "DiskPressure", "PIDPressure"];

pub(super) struct NodePressure;

#[derive(Serialize)]
struct Details<'a> {
    affected_nodes: Vec<Pressed<'a>>,
}

/// A node and one thing that it runs out of.
#[derive(Serialize)]
struct Pressed<'a> {
    name: &'a str,
    role: &'static str,
    condition: &'a str,
    message: &'a str,
    since: &'a str,
}

impl Rule for NodePressure {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.node_pressure", KEY).requires(NODES)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let affected_nodes = non_empty(context.within_budget(context.nodes()).flat_map(pressed))?;
        Some(Response::hit(KEY, &Details { affected_nodes }))
    }
}

fn pressed<'a>(node: &'a Node<'_>) -> impl Iterator<Item = Pressed<'a>> {
    let pressures = PRESSURES.into_iter().filter_map(|pressure| node.status.conditions.find_true(pressure));
    pressures.map(|condition| Pressed {
        name: &node.metadata.name,
        role: node.role().as_str(),
        condition: &condition.r#type,
        message: excerpt(&condition.message),
        since: &condition.last_transition_time,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(memory: &str, disk: &str) -> Answer {
        let condition = |r#type: &str, status: &str| -> Value {
            json!({"type": r#type, "status": status, "message": "M", "lastTransitionTime": "T"})
        };
        let conditions = [
            condition("Ready", "True"),
            condition("DiskPressure", disk),
            condition("MemoryPressure", memory),
        ];
        let node = json!({"metadata": {"name": "n"}, "status": {"conditions": conditions}});
        ask(NodePressure, &[("config/node/n.json", node)])
    }

    #[test]
    fn each_thing_that_a_node_lacks_is_listed() {
        let pressed = |condition| json!({"name": "n", "role": "worker", "condition": condition, "message": "M", "since": "T"});
        let nodes = [pressed("MemoryPressure"), pressed("DiskPressure")];
        assert_eq!(ask_about("True", "True"), Answer::Hit(json!({"affected_nodes": nodes})));
        assert_eq!(
            ask_about("False", "True"),
            Answer::Hit(json!({"affected_nodes": [pressed("DiskPressure")]}))
        );
    }

    #[test]
    fn a_node_that_has_all_or_does_not_know_is_none() {
        assert_eq!(ask_about("False", "Unknown"), Answer::Miss);
        assert_eq!(ask(NodePressure, &[]), Answer::skip_all(&["nodes"]));
    }
}
