//! Taints that prevent the machine config daemon from running on nodes, so that a rollout does not complete.
//! The daemon tolerates all taints since 4.7.

use chrono::TimeDelta;
use serde::Serialize;

use super::{meta, non_empty};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{CLUSTER_VERSION, MACHINE_CONFIG_POOLS, MachineConfigPool, MinorVersion, NODES, Node, Taint},
};

const KEY: &str = "NODE_HAS_TAINTS_APPLIED";

/// First release whose machine config daemon tolerates all taints.
const TOLERATES_ALL_SINCE: MinorVersion = MinorVersion::new(4, 7);

/// Nodes are updated one after the other.
const MIN_UPDATING: TimeDelta = TimeDelta::hours(1);

/// Prefixes of the platform's own taints, which its pods tolerate or which are removed when the node is
/// ready.
const PLATFORM_TAINTS: [&str; 3] =
    ["node-role.kubernetes.io/", "node.kubernetes.io/", "node.cloudprovider.kubernetes.io/"];

pub(super) struct MachineconfigStuckByNodeTaints;

#[derive(Serialize)]
struct Details<'a> {
    affected_nodes: Vec<TaintedNode<'a>>,
}

#[derive(Serialize)]
struct TaintedNode<'a> {
    name: &'a str,
    taints: Vec<String>,
    current: &'a str,
    desired: &'a str,
}

impl Rule for MachineconfigStuckByNodeTaints {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules_ocp.external.rules.machineconfig_stuck_by_node_taints", KEY)
            .requires(NODES)
            .requires(MACHINE_CONFIG_POOLS)
            .may_read(CLUSTER_VERSION)
            .for_at_least(MIN_UPDATING, "updating")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        if context.minor_version().is_some_and(|version| version >= TOLERATES_ALL_SINCE) {
            return Some(Response::undecided("the machine config daemon tolerates all taints since 4.7"));
        }
        let mut pools = context.within_budget(context.machine_config_pools());
        if !pools.any(|pool| is_stuck(pool, context)) {
            return None;
        }
        let affected_nodes = non_empty(context.within_budget(context.nodes()).filter_map(tainted_node))?;
        Some(Response::hit(KEY, &Details { affected_nodes }))
    }
}

fn tainted_node<'a>(node: &'a Node<'_>) -> Option<TaintedNode<'a>> {
    let annotations = &node.metadata.annotations;
    let (current, desired) = (&*annotations.current_config, &*annotations.desired_config);
    if current == desired {
        return None;
    }
    let taints =
        non_empty(node.spec.taints.iter().filter(|taint| repels_daemon(taint)).map(Taint::to_string))?;
    Some(TaintedNode { name: &node.metadata.name, taints, current, desired })
}

fn is_stuck(pool: &MachineConfigPool<'_>, context: &Context<'_>) -> bool {
    let updating = pool.status.conditions.find_true("Updating");
    updating.is_some_and(|updating| context.has_lasted(&updating.last_transition_time, MIN_UPDATING))
}

fn repels_daemon(taint: &Taint<'_>) -> bool {
    let is_strict = matches!(&*taint.effect, "NoExecute" | "NoSchedule");
    is_strict && !PLATFORM_TAINTS.iter().any(|prefix| taint.key.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(updating: &str, desired: &str, taints: &Value) -> Answer {
        let annotations = json!({"machineconfiguration.openshift.io/currentConfig": "rendered-a",
            "machineconfiguration.openshift.io/desiredConfig": desired});
        let node = json!({"metadata": {"name": "n", "annotations": annotations}, "spec": {"taints": taints}});
        let pool = json!({"status": {"conditions": [{"type": "Updating", "status": updating}]}});
        let files = [("config/node/n.json", node), ("config/machineconfigpools/worker.json", pool)];
        ask(MachineconfigStuckByNodeTaints, &files)
    }

    #[test]
    fn tainted_node_with_a_pending_configuration_is_a_hit() {
        let taints = json!([
            {"key": "dedicated", "value": "gpu", "effect": "NoSchedule"},
            {"key": "node-role.kubernetes.io/master", "effect": "NoSchedule"},
            {"key": "maintenance", "effect": "NoExecute"},
            {"key": "soft", "effect": "PreferNoSchedule"},
        ]);
        let node = json!({"name": "n", "taints": ["dedicated=gpu:NoSchedule", "maintenance:NoExecute"],
            "current": "rendered-a", "desired": "rendered-b"});
        assert_eq!(ask_about("True", "rendered-b", &taints), Answer::Hit(json!({"affected_nodes": [node]})));
    }

    #[test]
    fn daemon_of_a_current_release_is_a_skip() {
        let annotations = json!({"machineconfiguration.openshift.io/currentConfig": "rendered-a",
            "machineconfiguration.openshift.io/desiredConfig": "rendered-b"});
        let node = json!({"metadata": {"name": "n", "annotations": annotations},
            "spec": {"taints": [{"key": "node.ocs.openshift.io/storage", "value": "true", "effect": "NoSchedule"}]}});
        let pool = |since: &str| json!({"status": {"conditions": [{"type": "Updating", "status": "True", "lastTransitionTime": since}]}});
        let ask_about = |version: &str, since: &str| {
            let files = [
                ("config/node/n.json", node.clone()),
                ("config/machineconfigpools/worker.json", pool(since)),
                ("config/version.json", json!({"status": {"desired": {"version": version}}})),
            ];
            ask(MachineconfigStuckByNodeTaints, &files)
        };
        assert!(matches!(ask_about("4.18.10", "2026-01-15T08:00:00Z"), Answer::Skip(_)));
        assert!(matches!(ask_about("4.7.0", "2026-01-15T08:00:00Z"), Answer::Skip(_)));
        assert!(matches!(ask_about("4.6.9", "2026-01-15T11:00:00Z"), Answer::Hit(_)));
        assert_eq!(ask_about("4.6.9", "2026-01-15T11:20:00Z"), Answer::Miss);
    }

    #[test]
    fn tainted_node_without_a_rollout_is_silent() {
        let taints = json!([{"key": "dedicated", "effect": "NoExecute"}]);
        assert_eq!(ask_about("False", "rendered-b", &taints), Answer::Miss);
        assert_eq!(ask_about("True", "rendered-a", &taints), Answer::Miss);
    }

    #[test]
    fn taints_of_the_platform_are_silent() {
        for key in PLATFORM_TAINTS {
            let taints = json!([{"key": format!("{key}x"), "effect": "NoExecute"}]);
            assert_eq!(ask_about("True", "rendered-b", &taints), Answer::Miss, "{key}");
        }
    }

    #[test]
    fn missing_files_are_a_skip() {
        let missing = ["nodes", "machine_config_pools"];
        assert_eq!(ask(MachineconfigStuckByNodeTaints, &[]), Answer::skip_all(&missing));
    }
}
