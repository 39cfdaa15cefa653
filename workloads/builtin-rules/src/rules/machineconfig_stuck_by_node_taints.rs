//! Taints that may keep nodes from taking their new configuration.

use serde::Serialize;

use super::{meta, non_empty};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{MACHINE_CONFIG_POOLS, NODES, Node, Taint},
};

const KEY: &str = "NODE_HAS_TAINTS_APPLIED";

/// Taints of the platform itself, which its pods tolerate or which go away when the node is fine.
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
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let mut pools = context.within_budget(context.machine_config_pools());
        if !pools.any(|pool| pool.status.conditions.find_true("Updating").is_some()) {
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
        non_empty(node.spec.taints.iter().filter(|taint| keeps_platform_away(taint)).map(Taint::to_string))?;
    Some(TaintedNode { name: &node.metadata.name, taints, current, desired })
}

fn keeps_platform_away(taint: &Taint<'_>) -> bool {
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
    fn a_tainted_node_that_waits_for_its_configuration_is_a_hit() {
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
    fn without_an_update_taints_do_not_matter() {
        let taints = json!([{"key": "dedicated", "effect": "NoExecute"}]);
        assert_eq!(ask_about("False", "rendered-b", &taints), Answer::Miss);
        assert_eq!(ask_about("True", "rendered-a", &taints), Answer::Miss);
    }

    #[test]
    fn taints_of_the_platform_do_not_matter() {
        for key in PLATFORM_TAINTS {
            let taints = json!([{"key": format!("{key}x"), "effect": "NoExecute"}]);
            assert_eq!(ask_about("True", "rendered-b", &taints), Answer::Miss, "{key}");
        }
    }

    #[test]
    fn both_files_are_needed() {
        let missing = ["nodes", "machine_config_pools"];
        assert_eq!(ask(MachineconfigStuckByNodeTaints, &[]), Answer::skip_all(&missing));
    }
}
