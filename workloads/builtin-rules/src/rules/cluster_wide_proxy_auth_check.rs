//! Logins that fail because the cluster's proxy stands between the authentication operator and the cluster itself.

use serde::Serialize;

use super::{meta, operator_state::OperatorState};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{AUTHENTICATION_OPERATOR, CLUSTER_OPERATORS, PROXY},
};

const KEY: &str = "AUTH_OPERATOR_PROXY_ERROR";
const REASON: &str = "WellKnownEndpointDegraded";
const LINK: &str =
    "https://docs.openshift.com/container-platform/latest/networking/enable-cluster-wide-proxy.html";

pub(super) struct ClusterWideProxyAuthCheck;

#[derive(Serialize)]
struct Details<'a> {
    op: OperatorState<'a>,
    kcs: &'static str,
}

impl Rule for ClusterWideProxyAuthCheck {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules_ocp.external.rules.cluster_wide_proxy_auth_check", KEY)
            .requires(AUTHENTICATION_OPERATOR)
            .requires(PROXY)
            .may_read(CLUSTER_OPERATORS)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let operator = context.cluster_operator("authentication")?;
        let degraded = operator.status.conditions.find_true("Degraded")?;
        let is_explained = degraded.reason.contains(REASON) && context.proxy()?.is_set();
        is_explained.then(|| Response::hit(KEY, &Details { op: OperatorState::of(operator), kcs: LINK }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn files(reason: &str, proxy: &Value) -> [(&'static str, Value); 2] {
        let condition = json!({"type": "Degraded", "status": "True", "reason": reason, "message": "M",
            "lastTransitionTime": "T"});
        [
            (
                "config/clusteroperator/authentication.json",
                json!({"metadata": {"name": "authentication"}, "status": {"conditions": [condition]}}),
            ),
            ("config/proxy.json", json!({"spec": proxy})),
        ]
    }

    #[test]
    fn a_degraded_login_behind_a_proxy_is_a_hit() {
        for proxy in [json!({"httpProxy": "http://p:3128"}), json!({"httpsProxy": "http://p:3128"})] {
            let degraded = json!({"status": "True", "reason": "WellKnownEndpointDegradedError", "message": "M",
                "last_trans_time": "T"});
            let op = json!({"name": "authentication", "version": "", "degraded": degraded, "available": null,
                "progressing": null, "upgradeable": null});
            let answer = ask(ClusterWideProxyAuthCheck, &files("WellKnownEndpointDegradedError", &proxy));
            assert_eq!(answer, Answer::Hit(json!({"op": op, "kcs": LINK})));
        }
    }

    #[test]
    fn without_a_proxy_or_for_another_reason_it_is_none() {
        let no_proxy = json!({"httpProxy": "", "trustedCA": {"name": ""}});
        let answer = ask(ClusterWideProxyAuthCheck, &files("WellKnownEndpointDegradedError", &no_proxy));
        assert_eq!(answer, Answer::Miss);
        let proxy = json!({"httpProxy": "http://p:3128"});
        let answer = ask(ClusterWideProxyAuthCheck, &files("OAuthServerDeployment_UnavailablePod", &proxy));
        assert_eq!(answer, Answer::Miss);
    }

    #[test]
    fn both_files_are_needed() {
        assert_eq!(
            ask(ClusterWideProxyAuthCheck, &[]),
            Answer::skip_all(&["authentication_operator", "proxy"])
        );
    }
}
