//! Nodes under memory, disk or PID pressure that persists.

use chrono::TimeDelta;
use serde::Serialize;

use super::{excerpt, meta, non_empty};
use ccx_rules::{
    ClusterKind, Context, Response, Rule, RuleMeta,
    documents::{NODES, Node},
};

const KEY: &str = "NODE_RESOURCE_PRESSURE";
const PRESSURES: [&str; 3] = ["MemoryPressure", "DiskPressure", "PIDPressure"];

/// The kubelet reclaims resources by garbage collection and eviction, and keeps the condition for five
/// minutes after that.
const MIN_PRESSURE: TimeDelta = TimeDelta::minutes(10);

pub(super) struct NodePressure;

#[derive(Serialize)]
struct Details<'a> {
    affected_nodes: Vec<Pressed<'a>>,
}

/// Node under pressure, and its condition.
#[derive(Serialize)]
struct Pressed<'a> {
    name: &'a str,
    role: &'static str,
    condition: &'a str,
    message: &'a str,
    since: &'a str,
    is_windows: bool,
}

impl Rule for NodePressure {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.node_pressure", KEY)
            .requires(NODES)
            .for_at_least(MIN_PRESSURE, "under pressure")
            .adapts_to(
                ClusterKind::WindowsNodes,
                "the text has commands that do not start a debug pod on the node",
            )
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let all = context.within_budget(context.nodes());
        let affected_nodes = non_empty(all.flat_map(|node| pressed(node, context)))?;
        Some(Response::hit(KEY, &Details { affected_nodes }))
    }
}

fn pressed<'a>(node: &'a Node<'_>, context: &Context<'_>) -> impl Iterator<Item = Pressed<'a>> {
    let pressures = PRESSURES.into_iter().filter_map(|pressure| node.status.conditions.find_true(pressure));
    let lasting =
        pressures.filter(|condition| context.has_lasted(&condition.last_transition_time, MIN_PRESSURE));
    lasting.map(|condition| Pressed {
        name: &node.metadata.name,
        role: node.role().as_str(),
        condition: &condition.r#type,
        message: excerpt(&condition.message),
        since: &condition.last_transition_time,
        is_windows: node.is_windows(),
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
    fn every_pressure_is_listed() {
        let pressed = |condition| json!({"name": "n", "role": "worker", "condition": condition, "message": "M", "since": "T", "is_windows": false});
        let nodes = [pressed("MemoryPressure"), pressed("DiskPressure")];
        assert_eq!(ask_about("True", "True"), Answer::Hit(json!({"affected_nodes": nodes})));
        assert_eq!(
            ask_about("False", "True"),
            Answer::Hit(json!({"affected_nodes": [pressed("DiskPressure")]}))
        );
    }

    #[test]
    fn pressure_of_minutes_is_silent() {
        for (since, is_hit) in [("2026-01-15T11:50:01Z", false), ("2026-01-15T11:50:00Z", true)] {
            let condition = json!({"type": "DiskPressure", "status": "True", "lastTransitionTime": since});
            let node = json!({"metadata": {"name": "n"}, "status": {"conditions": [condition]}});
            let answer = ask(NodePressure, &[("config/node/n.json", node)]);
            assert_eq!(matches!(answer, Answer::Hit(_)), is_hit, "{since}");
        }
    }

    #[test]
    fn node_without_pressure_is_silent() {
        assert_eq!(ask_about("False", "Unknown"), Answer::Miss);
        assert_eq!(ask(NodePressure, &[]), Answer::skip_all(&["nodes"]));
    }
}
