//! Nodes that have not been ready for a while.

use chrono::TimeDelta;
use serde::Serialize;

use super::{excerpt, meta, non_empty};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{NODES, Node},
};

const KEY: &str = "NODE_NOT_READY";

/// A node that restarts is back in this time.
const MIN_DURATION: TimeDelta = TimeDelta::minutes(10);

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
}

impl Rule for NodeNotReady {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.node_not_ready", KEY).requires(NODES)
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
    let ready = node.status.conditions.find("Ready").filter(|ready| &*ready.status != "True")?;
    let duration = context.age(&ready.last_transition_time)?;
    (duration > MIN_DURATION).then(|| NotReady {
        name: &node.metadata.name,
        role: node.role().as_str(),
        status: &ready.status,
        reason: &ready.reason,
        message: excerpt(&ready.message),
        since: &ready.last_transition_time,
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
    fn a_node_that_has_been_away_for_ten_minutes_is_a_hit() {
        let files = [
            ("config/node/a.json", node("a", "True", "2026-01-01T00:00:00Z")),
            ("config/node/b.json", node("b", "Unknown", "2026-01-15T11:49:59Z")),
        ];
        let nodes = json!([{"name": "b", "role": "worker", "status": "Unknown", "reason": "R", "message": "M",
            "since": "2026-01-15T11:49:59Z"}]);
        assert_eq!(
            ask(NodeNotReady, &files),
            Answer::Hit(json!({"affected_nodes": nodes, "not_ready": 1, "total": 2}))
        );
    }

    #[test]
    fn a_node_that_restarts_is_none() {
        let files = [("config/node/b.json", node("b", "False", "2026-01-15T11:50:00Z"))];
        assert_eq!(ask(NodeNotReady, &files), Answer::Miss);
        assert_eq!(ask(NodeNotReady, &[]), Answer::skip_all(&["nodes"]));
    }

    #[test]
    fn a_node_without_a_time_is_not_judged() {
        let files = [("config/node/b.json", node("b", "False", ""))];
        assert_eq!(ask(NodeNotReady, &files), Answer::Miss);
    }
}
