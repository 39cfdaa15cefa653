//! Nodes whose machine config daemon is degraded.

use chrono::TimeDelta;
use serde::Serialize;

use super::{excerpt, meta, non_empty};
use ccx_rules::{
    ClusterKind, Context, Response, Rule, RuleMeta,
    documents::{MACHINE_CONFIG_POOLS, NODES, Node},
};

const KEY: &str = "MACHINE_CONFIG_DAEMON_DEGRADED";
const STATES: [&str; 2] = ["Degraded", "Unreconcilable"];

/// The daemon retries; a drain that a disruption budget delays makes it degraded temporarily. The annotation
/// has no time, so the transition time of the pool's condition counts.
pub(super) const MIN_DEGRADED: TimeDelta = TimeDelta::minutes(15);

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
        meta("ccx_rules.external.machine_config_daemon_degraded", KEY)
            .requires(NODES)
            .may_read(MACHINE_CONFIG_POOLS)
            .for_at_least(MIN_DEGRADED, "degraded")
            .not_on(ClusterKind::HostedControlPlane, "node pools replace or update nodes")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let all = context.within_budget(context.nodes());
        let affected_nodes = non_empty(all.filter_map(|node| degraded(node, context)))?;
        Some(Response::hit(KEY, &Details { affected_nodes }))
    }
}

fn degraded<'a>(node: &'a Node<'_>, context: &Context<'_>) -> Option<DegradedNode<'a>> {
    let annotations = &node.metadata.annotations;
    let state = &*annotations.config_state;
    let reason = excerpt(&annotations.config_reason);
    let is_hit = STATES.contains(&state) && is_lasting(node, context);
    is_hit.then(|| DegradedNode { name: &node.metadata.name, state, reason })
}

/// Returns whether a node of the same pool has been degraded for [`MIN_DEGRADED`]; true when unknown. A pool
/// that does not report its node yet reports it within seconds, so that the state has just begun.
fn is_lasting(node: &Node<'_>, context: &Context<'_>) -> bool {
    let conditions = context.pool_of(node).map(|pool| &pool.status.conditions);
    let degraded =
        conditions.and_then(|found| found.find_true("NodeDegraded").or(found.find_true("Degraded")));
    match degraded {
        Some(degraded) => context.has_lasted(&degraded.last_transition_time, MIN_DEGRADED),
        None => conditions.is_none_or(|found| found.find_false("NodeDegraded").is_none()),
    }
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
    fn degraded_node_is_a_hit() {
        for state in STATES {
            let node = json!({"name": "n", "state": state, "reason": "unexpected on-disk state"});
            assert_eq!(ask_about(state), Answer::Hit(json!({"affected_nodes": [node]})));
        }
    }

    #[test]
    fn node_of_a_pool_that_just_became_degraded_is_silent() {
        for (since, is_hit) in [("2026-01-15T11:45:01Z", false), ("2026-01-15T11:45:00Z", true)] {
            let annotations = json!({"machineconfiguration.openshift.io/state": "Degraded",
                "machineconfiguration.openshift.io/currentConfig": "rendered-gpu-worker-0a1b"});
            let condition = json!({"type": "NodeDegraded", "status": "True", "lastTransitionTime": since});
            let files = [
                ("config/node/n.json", json!({"metadata": {"name": "n", "annotations": annotations}})),
                (
                    "config/machineconfigpools/gpu-worker.json",
                    json!({"metadata": {"name": "gpu-worker"}, "status": {"conditions": [condition]}}),
                ),
            ];
            assert_eq!(matches!(ask(MachineConfigDaemonDegraded, &files), Answer::Hit(_)), is_hit, "{since}");
        }
    }

    #[test]
    fn node_that_its_pool_does_not_report_yet_is_silent() {
        for (node_degraded, is_hit) in
            [(json!([{"type": "NodeDegraded", "status": "False"}]), false), (json!([]), true)]
        {
            let annotations = json!({"machineconfiguration.openshift.io/state": "Degraded",
                "machineconfiguration.openshift.io/currentConfig": "rendered-worker-0a1b"});
            let files = [
                ("config/node/n.json", json!({"metadata": {"name": "n", "annotations": annotations}})),
                (
                    "config/machineconfigpools/worker.json",
                    json!({"metadata": {"name": "worker"}, "status": {"conditions": node_degraded}}),
                ),
            ];
            assert_eq!(matches!(ask(MachineConfigDaemonDegraded, &files), Answer::Hit(_)), is_hit);
        }
    }

    #[test]
    fn node_in_another_state_is_silent() {
        for state in ["Done", "Working", ""] {
            assert_eq!(ask_about(state), Answer::Miss, "{state}");
        }
        assert_eq!(ask(MachineConfigDaemonDegraded, &[]), Answer::skip_all(&["nodes"]));
    }
}
