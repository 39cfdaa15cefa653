//! Operators of the platform whose service is not there.

use serde::Serialize;

use super::{excerpt, meta, non_empty};
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
        meta("ccx_rules.external.cluster_operator_unavailable", KEY).requires(CLUSTER_OPERATORS)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let operators =
            non_empty(context.within_budget(context.cluster_operators()).filter_map(unavailable))?;
        Some(Response::hit(KEY, &Details { operators }))
    }
}

fn unavailable<'a>(operator: &'a ClusterOperator<'_>) -> Option<Unavailable<'a>> {
    let condition = operator.status.conditions.find_false("Available")?;
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
    fn operators_that_are_not_available_are_listed() {
        let files = [
            ("config/clusteroperator/dns.json", operator("dns", "False")),
            ("config/clusteroperator/etcd.json", operator("etcd", "True")),
        ];
        let dns = json!({"name": "dns", "reason": "R", "message": "M", "last_trans_time": "T"});
        assert_eq!(ask(ClusterOperatorUnavailable, &files), Answer::Hit(json!({"operators": [dns]})));
    }

    #[test]
    fn an_operator_that_does_not_know_or_say_is_not_judged() {
        for available in ["Unknown", ""] {
            let files = [("config/clusteroperator/dns.json", operator("dns", available))];
            assert_eq!(ask(ClusterOperatorUnavailable, &files), Answer::Miss, "{available}");
        }
        assert_eq!(ask(ClusterOperatorUnavailable, &[]), Answer::skip_all(&["cluster_operators"]));
    }
}
