//! Cluster operators that have been unavailable for some time.

use serde::Serialize;

use super::{
    excerpt, meta, non_empty,
    operator_state::{MIN_UNAVAILABLE, lasting_unavailable},
};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{CLUSTER_OPERATORS, ClusterOperator},
};

const KEY: &str = "CLUSTER_OPERATOR_UNAVAILABLE";

pub(super) struct ClusterOperatorUnavailable;

#[derive(Serialize)]
struct Details<'a> {
    operators: Vec<Unavailable<'a>>,
}

#[derive(Serialize)]
struct Unavailable<'a> {
    name: &'a str,
    reason: &'a str,
    message: &'a str,
    last_trans_time: &'a str,
}

impl Rule for ClusterOperatorUnavailable {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.cluster_operator_unavailable", KEY)
            .requires(CLUSTER_OPERATORS)
            .for_at_least(MIN_UNAVAILABLE, "unavailable")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let all = context.within_budget(context.cluster_operators());
        let operators = non_empty(all.filter_map(|operator| unavailable(operator, context)))?;
        Some(Response::hit(KEY, &Details { operators }))
    }
}

fn unavailable<'a>(operator: &'a ClusterOperator<'_>, context: &Context<'_>) -> Option<Unavailable<'a>> {
    let condition = lasting_unavailable(operator, context)?;
    Some(Unavailable {
        name: &operator.metadata.name,
        reason: &condition.reason,
        message: excerpt(&condition.message),
        last_trans_time: &condition.last_transition_time,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn operator(name: &str, available: &str) -> Value {
        json!({"metadata": {"name": name}, "status": {"conditions": [
            {"type": "Degraded", "status": "False"},
            {"type": "Available", "status": available, "reason": "R", "message": "M", "lastTransitionTime": "T"}]}})
    }

    #[test]
    fn unavailable_operator_is_listed() {
        let files = [
            ("config/clusteroperator/dns.json", operator("dns", "False")),
            ("config/clusteroperator/etcd.json", operator("etcd", "True")),
        ];
        let dns = json!({"name": "dns", "reason": "R", "message": "M", "last_trans_time": "T"});
        assert_eq!(ask(ClusterOperatorUnavailable, &files), Answer::Hit(json!({"operators": [dns]})));
    }

    #[test]
    fn operator_unavailable_for_seconds_is_silent() {
        for (since, is_hit) in [("2026-01-15T11:59:48Z", false), ("2026-01-15T11:50:00Z", true)] {
            let mut operator = operator("console", "False");
            operator["status"]["conditions"][1]["lastTransitionTime"] = json!(since);
            let answer =
                ask(ClusterOperatorUnavailable, &[("config/clusteroperator/console.json", operator)]);
            assert_eq!(matches!(answer, Answer::Hit(_)), is_hit, "{since}: {answer:?}");
        }
    }

    #[test]
    fn unknown_availability_is_silent() {
        for available in ["Unknown", ""] {
            let files = [("config/clusteroperator/dns.json", operator("dns", available))];
            assert_eq!(ask(ClusterOperatorUnavailable, &files), Answer::Miss, "{available}");
        }
        assert_eq!(ask(ClusterOperatorUnavailable, &[]), Answer::skip_all(&["cluster_operators"]));
    }
}
