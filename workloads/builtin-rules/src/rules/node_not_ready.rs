//! Nodes that have been `NotReady` for some time.

use chrono::TimeDelta;
use serde::Serialize;

use super::{excerpt, meta, non_empty};
use ccx_rules::{
    ClusterKind, Context, Response, Rule, RuleMeta,
    documents::{Condition, NODES, Node},
};

const KEY: &str = "NODE_NOT_READY";

/// Duration of the platform's own alert `KubeNodeNotReady`: a node that restarts is ready sooner.
const MIN_NOT_READY: TimeDelta = TimeDelta::minutes(15);

/// Duration for a node that is being updated: on bare metal, the restart alone may take half an hour.
const MIN_WHILE_CONFIGURED: TimeDelta = TimeDelta::hours(1);

pub(super) struct NodeNotReady;

#[derive(Serialize)]
struct Details<'a> {
    affected_nodes: Vec<NotReady<'a>>,
    not_ready: usize,
    total: usize,
}

#[derive(Serialize)]
struct NotReady<'a> {
    name: &'a str,
    role: &'static str,
    status: &'a str,
    reason: &'a str,
    message: &'a str,
    since: &'a str,
    is_windows: bool,
}

impl Rule for NodeNotReady {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.node_not_ready", KEY)
            .requires(NODES)
            .for_at_least(MIN_NOT_READY, "NotReady")
            .for_at_least(MIN_WHILE_CONFIGURED, "NotReady while the node is being updated")
            .adapts_to(ClusterKind::Updating, "nodes that are being updated may take longer to restart")
            .adapts_to(ClusterKind::HostedControlPlane, "all nodes are worker nodes")
            .adapts_to(ClusterKind::WindowsNodes, "the text has the path of the log on Windows")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let all = context.nodes();
        let affected_nodes =
            non_empty(context.within_budget(all).filter_map(|node| not_ready(node, context)))?;
        Some(Response::hit(
            KEY,
            &Details { not_ready: affected_nodes.len(), total: all.len(), affected_nodes },
        ))
    }
}

fn not_ready<'a>(node: &'a Node<'_>, context: &Context<'_>) -> Option<NotReady<'a>> {
    let is_false_or_unknown = |ready: &&Condition<'_>| matches!(&*ready.status, "False" | "Unknown");
    let ready = node.status.conditions.find("Ready").filter(is_false_or_unknown)?;
    let min_age = if node.is_being_configured() { MIN_WHILE_CONFIGURED } else { MIN_NOT_READY };
    let is_lasting = context.has_lasted(&ready.last_transition_time, min_age);
    (is_lasting && !node.is_being_removed()).then(|| NotReady {
        name: &node.metadata.name,
        role: node.role().as_str(),
        status: &ready.status,
        reason: &ready.reason,
        message: excerpt(&ready.message),
        since: &ready.last_transition_time,
        is_windows: node.is_windows(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn node(name: &str, ready: &str, since: &str) -> Value {
        json!({"metadata": {"name": name, "labels": {"node-role.kubernetes.io/worker": ""}}, "status": {
            "conditions": [{"type": "Ready", "status": ready, "reason": "R", "message": "M", "lastTransitionTime": since}]}})
    }

    #[test]
    fn node_that_is_not_ready_for_15_minutes_is_a_hit() {
        let files = [
            ("config/node/a.json", node("a", "True", "2026-01-01T00:00:00Z")),
            ("config/node/b.json", node("b", "Unknown", "2026-01-15T11:45:00Z")),
        ];
        let nodes = json!([{"name": "b", "role": "worker", "status": "Unknown", "reason": "R", "message": "M",
            "since": "2026-01-15T11:45:00Z", "is_windows": false}]);
        assert_eq!(
            ask(NodeNotReady, &files),
            Answer::Hit(json!({"affected_nodes": nodes, "not_ready": 1, "total": 2}))
        );
    }

    #[test]
    fn node_that_restarts_is_silent() {
        let files = [("config/node/b.json", node("b", "False", "2026-01-15T11:45:01Z"))];
        assert_eq!(ask(NodeNotReady, &files), Answer::Miss);
        assert_eq!(ask(NodeNotReady, &[]), Answer::skip_all(&["nodes"]));
    }

    #[test]
    fn node_without_a_transition_time_is_a_hit_and_one_without_a_status_is_silent() {
        let is_hit = |status: &str| {
            matches!(ask(NodeNotReady, &[("config/node/b.json", node("b", status, ""))]), Answer::Hit(_))
        };
        assert!(is_hit("False") && is_hit("Unknown") && !is_hit(""));
    }

    #[test]
    fn node_that_takes_a_configuration_may_restart_for_an_hour() {
        let configured = |since: &str| {
            let mut node = node("b", "False", since);
            node["metadata"]["annotations"] = json!({"machineconfiguration.openshift.io/state": "Working"});
            matches!(ask(NodeNotReady, &[("config/node/b.json", node)]), Answer::Hit(_))
        };
        assert!(configured("2026-01-15T11:00:00Z") && !configured("2026-01-15T11:01:00Z"));
    }

    #[test]
    fn node_that_is_being_removed_is_silent() {
        let mut by_autoscaler = node("b", "Unknown", "2026-01-15T08:00:00Z");
        by_autoscaler["spec"] =
            json!({"taints": [{"key": "ToBeDeletedByClusterAutoscaler", "effect": "NoSchedule"}]});
        let mut deleted = node("b", "Unknown", "2026-01-15T08:00:00Z");
        deleted["metadata"]["deletionTimestamp"] = json!("2026-01-15T11:00:00Z");
        for node in [by_autoscaler, deleted] {
            assert_eq!(ask(NodeNotReady, &[("config/node/b.json", node)]), Answer::Miss);
        }
    }
}
