//! Authentication operators that access the cluster's own endpoints through the cluster-wide proxy, so that
//! logins fail.

use serde::Serialize;

use super::{
    meta,
    operator_state::{MIN_DEGRADED, MIN_UNAVAILABLE, OperatorState, lasting_degraded, lasting_unavailable},
};
use ccx_rules::{
    ClusterKind, Context, Response, Rule, RuleMeta,
    documents::{AUTHENTICATION_OPERATOR, CLUSTER_OPERATORS, Condition, PROXY},
};

const KEY: &str = "AUTH_OPERATOR_PROXY_ERROR";

/// Part of the reason that names the endpoint: `WellKnownEndpointDegraded…` of `Degraded` up to 4.3, later
/// `WellKnown_NotReady` of `Available` and `WellKnownReadyController_SyncError`.
const ENDPOINT: &str = "WellKnown";
/// Part of the reasons for which the OAuth server cannot be reached by its route or service, since 4.6.
const ROUTE_OR_SERVICE: &str = "EndpointAccessibleController";
/// Message of Go for a request that is sent to a proxy.
const SENT_TO_PROXY: &str = "proxyconnect";
/// Message of the operator's own check of the proxy: the endpoint can be reached without the proxy only.
const NOT_EXCLUDED: &str = "missing in NO_PROXY";
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
            .for_at_least(MIN_DEGRADED, "degraded")
            .for_at_least(MIN_UNAVAILABLE, "unavailable")
            .not_on(ClusterKind::HostedControlPlane, "the OAuth server runs in the management cluster")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let operator = context.cluster_operator("authentication")?;
        let problems = [lasting_degraded(operator, context), lasting_unavailable(operator, context)];
        let is_explained = context.proxy()?.is_set() && problems.into_iter().flatten().any(is_of_proxy);
        is_explained.then(|| Response::hit(KEY, &Details { op: OperatorState::new(operator), kcs: LINK }))
    }
}

/// Returns whether the operator cannot reach an endpoint of the cluster because of the proxy.
fn is_of_proxy(condition: &Condition<'_>) -> bool {
    let is_sent_to_proxy =
        condition.reason.contains(ROUTE_OR_SERVICE) && condition.message.contains(SENT_TO_PROXY);
    condition.reason.contains(ENDPOINT) || is_sent_to_proxy || condition.message.contains(NOT_EXCLUDED)
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
    fn degraded_login_behind_a_proxy_is_a_hit() {
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
    fn unavailable_well_known_endpoint_of_current_releases_is_a_hit() {
        let condition = json!({"type": "Available", "status": "False", "reason": "WellKnown_NotReady",
            "lastTransitionTime": "2026-01-15T11:00:00Z"});
        let operator = json!({"metadata": {"name": "authentication"}, "status": {"conditions": [condition]}});
        let mut files = files("", &json!({"httpsProxy": "http://p:3128"}));
        files[0].1 = operator;
        assert!(matches!(ask(ClusterWideProxyAuthCheck, &files), Answer::Hit(_)));
    }

    #[test]
    fn route_that_is_reached_without_the_proxy_only_is_a_hit() {
        let route = "OAuthServerRouteEndpointAccessibleController_SyncError";
        for (reason, message, is_hit) in [
            (
                "ProxyConfigController_SyncError",
                "failed to reach endpoint(\"https://oauth\") missing in NO_PROXY(\"\")",
                true,
            ),
            (
                "ProxyConfigController_SyncError",
                "failed to reach endpoint(\"https://oauth\") found in NO_PROXY(\"x\")",
                false,
            ),
            (
                route,
                "Get \"https://oauth/healthz\": proxyconnect tcp: dial tcp 10.0.0.1:3128: i/o timeout",
                true,
            ),
            (route, "Get \"https://oauth/healthz\": dial tcp 10.0.0.1:443: i/o timeout", false),
        ] {
            let mut files = files(reason, &json!({"httpsProxy": "http://p:3128"}));
            files[0].1["status"]["conditions"][0]["message"] = json!(message);
            let answer = ask(ClusterWideProxyAuthCheck, &files);
            assert_eq!(matches!(answer, Answer::Hit(_)), is_hit, "{reason} {message}");
        }
    }

    #[test]
    fn cluster_without_a_proxy_or_another_reason_is_silent() {
        let no_proxy = json!({"httpProxy": "", "trustedCA": {"name": ""}});
        let answer = ask(ClusterWideProxyAuthCheck, &files("WellKnownEndpointDegradedError", &no_proxy));
        assert_eq!(answer, Answer::Miss);
        let proxy = json!({"httpProxy": "http://p:3128"});
        let answer = ask(ClusterWideProxyAuthCheck, &files("OAuthServerDeployment_UnavailablePod", &proxy));
        assert_eq!(answer, Answer::Miss);
    }

    #[test]
    fn missing_files_are_a_skip() {
        assert_eq!(
            ask(ClusterWideProxyAuthCheck, &[]),
            Answer::skip_all(&["authentication_operator", "proxy"])
        );
    }
}
