//! Unavailable or unhealthy etcd members.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{
    excerpt, meta,
    operator_state::{MIN_DEGRADED, lasting_degraded},
};
use ccx_rules::{
    ClusterKind, Context, Response, Rule, RuleMeta,
    documents::{ALERTS, Alert, CLUSTER_OPERATORS, ETCD_OPERATOR},
};

const KEY: &str = "ETCD_MEMBER_UNHEALTHY";
const REASON: &str = "EtcdMembers";
const MEMBER_ALERTS: [&str; 4] =
    ["etcdMembersDown", "etcdInsufficientMembers", "etcdNoLeader", "etcdMemberCommunicationSlow"];

pub(super) struct EtcdMemberProblem;

#[derive(Serialize)]
struct Details<'a> {
    reason: &'a str,
    message: &'a str,
    alerts: BTreeSet<&'a str>,
}

impl Rule for EtcdMemberProblem {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.etcd_member_problem", KEY)
            .requires_any(&[ETCD_OPERATOR, ALERTS])
            .may_read(CLUSTER_OPERATORS)
            .for_at_least(MIN_DEGRADED, "degraded")
            .not_on(ClusterKind::HostedControlPlane, "etcd runs in the management cluster")
            .not_on(ClusterKind::ManagedService, "the provider maintains etcd")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let operator = context.cluster_operator("etcd");
        let degraded = operator.and_then(|operator| lasting_degraded(operator, context));
        let degraded = degraded.filter(|degraded| degraded.reason.contains(REASON));
        let alerts = context.within_budget(context.active_alerts()).map(Alert::name);
        let details = Details {
            reason: degraded.map_or("", |degraded| &degraded.reason),
            message: degraded.map_or("", |degraded| excerpt(&degraded.message)),
            alerts: alerts.filter(|name| MEMBER_ALERTS.contains(name)).collect(),
        };
        (degraded.is_some() || !details.alerts.is_empty()).then(|| Response::hit(KEY, &details))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn operator(degraded: &str, reason: &str) -> (&'static str, Value) {
        let condition = json!({"type": "Degraded", "status": degraded, "reason": reason, "message": "M"});
        ("config/clusteroperator/etcd.json", json!({"status": {"conditions": [condition]}}))
    }

    fn alerts(name: &str, state: &str) -> (&'static str, Value) {
        ("config/alerts.json", json!([{"labels": {"alertname": name}, "status": {"state": state}}]))
    }

    #[test]
    fn unhealthy_member_is_a_hit() {
        let details = json!({"reason": "EtcdMembers_UnhealthyMembers", "message": "M", "alerts": []});
        let answer = ask(EtcdMemberProblem, &[operator("True", "EtcdMembers_UnhealthyMembers")]);
        assert_eq!(answer, Answer::Hit(details));
    }

    #[test]
    fn alert_alone_is_a_hit() {
        for name in MEMBER_ALERTS {
            let files = [operator("True", "ClusterMemberController_Error"), alerts(name, "active")];
            let details = json!({"reason": "", "message": "", "alerts": [name]});
            assert_eq!(ask(EtcdMemberProblem, &files), Answer::Hit(details));
        }
    }

    #[test]
    fn member_that_restarts_is_silent() {
        let (path, mut operator) = operator("True", "EtcdMembers_UnhealthyMembers");
        operator["status"]["conditions"][0]["lastTransitionTime"] = json!("2026-01-15T11:55:00Z");
        assert_eq!(ask(EtcdMemberProblem, &[(path, operator)]), Answer::Miss);
    }

    #[test]
    fn other_reason_or_silenced_alert_is_silent() {
        let files = [operator("False", "EtcdMembers_UnhealthyMembers"), alerts("etcdNoLeader", "suppressed")];
        assert_eq!(ask(EtcdMemberProblem, &files), Answer::Miss);
        assert_eq!(ask(EtcdMemberProblem, &[alerts("etcdHighFsyncDurations", "active")]), Answer::Miss);
    }

    #[test]
    fn missing_files_are_a_skip() {
        assert_eq!(
            ask(EtcdMemberProblem, &[]),
            Answer::Skip("All: [] Any: ['etcd_operator', 'alerts']".into())
        );
    }
}
