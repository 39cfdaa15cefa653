//! Nodes that could not take their configuration.

use serde::Serialize;

use super::{excerpt, meta, non_empty};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{NODES, Node},
};

const KEY: &str = "MACHINE_CONFIG_DAEMON_DEGRADED";
const STATES: [&str; 2] = ["Degraded", "Unreconcilable"];

pub(super) struct MachineConfigDaemonDegraded;

#[derive(Serialize)]
struct Details<'a> {
    affected_nodes: Vec<DegradedNode<'a>>,
}

#[derive(Serialize)]
struct DegradedNode<'a> {
    name: &'a str,
    state: &'a str,
    reason: &'a str,
}

impl Rule for MachineConfigDaemonDegraded {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.machine_config_daemon_degraded", KEY).requires(NODES)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let affected_nodes = non_empty(context.within_budget(context.nodes()).filter_map(degraded))?;
        Some(Response::hit(KEY, &Details { affected_nodes }))
    }
}

fn degraded<'a>(node: &'a Node<'_>) -> Option<DegradedNode<'a>> {
    let annotations = &node.metadata.annotations;
    let state = &*annotations.config_state;
    let reason = excerpt(&annotations.config_reason);
    STATES.contains(&state).then(|| DegradedNode { name: &node.metadata.name, state, reason })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(state: &str) -> Answer {
        let annotations = json!({"machineconfiguration.openshift.io/state": state,
            "machineconfiguration.openshift.io/reason": "unexpected on-disk state"});
        let node = json!({"metadata": {"name": "n", "annotations": annotations}});
        ask(MachineConfigDaemonDegraded, &[("config/node/n.json", node)])
    }

    #[test]
    fn a_node_that_could_not_take_its_configuration_is_a_hit() {
        for state in STATES {
            let node = json!({"name": "n", "state": state, "reason": "unexpected on-disk state"});
            assert_eq!(ask_about(state), Answer::Hit(json!({"affected_nodes": [node]})));
        }
    }

    #[test]
    fn a_node_that_is_done_or_at_work_is_none() {
        for state in ["Done", "Working", ""] {
            assert_eq!(ask_about(state), Answer::Miss, "{state}");
        }
        assert_eq!(ask(MachineConfigDaemonDegraded, &[]), Answer::skip_all(&["nodes"]));
    }
}
