//! Operators of the platform that say that they are degraded.

use serde::Serialize;

use super::{excerpt, meta, non_empty};
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
        meta("ccx_rules.external.cluster_operator_degraded", KEY).requires(CLUSTER_OPERATORS)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let operators = non_empty(context.within_budget(context.cluster_operators()).filter_map(degraded))?;
        Some(Response::hit(KEY, &Details { operators }))
    }
}

fn degraded<'a>(operator: &'a ClusterOperator<'_>) -> Option<Degraded<'a>> {
    let condition = operator.status.conditions.find_true("Degraded")?;
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
    fn degraded_operators_are_listed() {
        let files = [
            ("config/clusteroperator/dns.json", operator("dns", "True")),
            ("config/clusteroperator/etcd.json", operator("etcd", "False")),
        ];
        let dns = json!({"name": "dns", "reason": "R", "message": "M", "last_trans_time": "T", "version": "4.18.9"});
        assert_eq!(ask(ClusterOperatorDegraded, &files), Answer::Hit(json!({"operators": [dns]})));
    }

    #[test]
    fn an_operator_that_does_not_know_is_not_degraded() {
        let files = [("config/clusteroperator/dns.json", operator("dns", "Unknown"))];
        assert_eq!(ask(ClusterOperatorDegraded, &files), Answer::Miss);
    }

    #[test]
    fn the_configuration_of_an_operator_is_not_the_operator() {
        let files =
            [("config/clusteroperator/operator.openshift.io/dns/default.json", operator("dns", "True"))];
        assert_eq!(ask(ClusterOperatorDegraded, &files), Answer::skip_all(&["cluster_operators"]));
    }
}
