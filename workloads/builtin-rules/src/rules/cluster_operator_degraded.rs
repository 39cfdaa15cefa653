//! Cluster operators that have been degraded for some time.

use serde::Serialize;

use super::{
    excerpt, meta, non_empty,
    operator_state::{MIN_DEGRADED, lasting_degraded},
};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{CLUSTER_OPERATORS, ClusterOperator},
};

const KEY: &str = "CLUSTER_OPERATOR_DEGRADED";

pub(super) struct ClusterOperatorDegraded;

#[derive(Serialize)]
struct Details<'a> {
    operators: Vec<Degraded<'a>>,
}

#[derive(Serialize)]
struct Degraded<'a> {
    name: &'a str,
    reason: &'a str,
    message: &'a str,
    last_trans_time: &'a str,
    version: &'a str,
}

impl Rule for ClusterOperatorDegraded {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.cluster_operator_degraded", KEY)
            .requires(CLUSTER_OPERATORS)
            .for_at_least(MIN_DEGRADED, "degraded")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let all = context.within_budget(context.cluster_operators());
        let operators = non_empty(all.filter_map(|operator| degraded(operator, context)))?;
        Some(Response::hit(KEY, &Details { operators }))
    }
}

fn degraded<'a>(operator: &'a ClusterOperator<'_>, context: &Context<'_>) -> Option<Degraded<'a>> {
    let condition = lasting_degraded(operator, context)?;
    Some(Degraded {
        name: &operator.metadata.name,
        reason: &condition.reason,
        message: excerpt(&condition.message),
        last_trans_time: &condition.last_transition_time,
        version: operator.status.version(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn operator(name: &str, degraded: &str) -> Value {
        json!({"metadata": {"name": name}, "status": {
            "conditions": [{"type": "Available", "status": "True"},
                {"type": "Degraded", "status": degraded, "reason": "R", "message": "M", "lastTransitionTime": "T"}],
            "versions": [{"name": "kube", "version": "1.31.1"}, {"name": "operator", "version": "4.18.9"}]}})
    }

    #[test]
    fn degraded_operator_is_listed() {
        let files = [
            ("config/clusteroperator/dns.json", operator("dns", "True")),
            ("config/clusteroperator/etcd.json", operator("etcd", "False")),
        ];
        let dns = json!({"name": "dns", "reason": "R", "message": "M", "last_trans_time": "T", "version": "4.18.9"});
        assert_eq!(ask(ClusterOperatorDegraded, &files), Answer::Hit(json!({"operators": [dns]})));
    }

    #[test]
    fn operator_degraded_for_seconds_is_silent() {
        for (since, is_hit) in [
            ("2026-01-15T11:59:52Z", false),
            ("2026-01-15T11:30:01Z", false),
            ("2026-01-15T11:30:00Z", true),
            ("", true),
        ] {
            let mut operator = operator("dns", "True");
            operator["status"]["conditions"][1]["lastTransitionTime"] = json!(since);
            let answer = ask(ClusterOperatorDegraded, &[("config/clusteroperator/dns.json", operator)]);
            assert_eq!(matches!(answer, Answer::Hit(_)), is_hit, "{since}: {answer:?}");
        }
    }

    #[test]
    fn unknown_state_is_not_degraded() {
        let files = [("config/clusteroperator/dns.json", operator("dns", "Unknown"))];
        assert_eq!(ask(ClusterOperatorDegraded, &files), Answer::Miss);
    }

    #[test]
    fn operator_configuration_is_not_taken_for_the_operator() {
        let files =
            [("config/clusteroperator/operator.openshift.io/dns/default.json", operator("dns", "True"))];
        assert_eq!(ask(ClusterOperatorDegraded, &files), Answer::skip_all(&["cluster_operators"]));
    }
}
