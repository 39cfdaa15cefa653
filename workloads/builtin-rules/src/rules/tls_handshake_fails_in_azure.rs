//! Degraded or unavailable cluster operators on Azure because of TLS handshake timeouts.

use serde::Serialize;

use super::{
    excerpt, meta, non_empty,
    operator_state::{MIN_DEGRADED, MIN_UNAVAILABLE, lasting_degraded, lasting_unavailable},
};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{CLUSTER_OPERATORS, ClusterOperator, INFRASTRUCTURE},
};

const KEY: &str = "TLS_HANDSHAKE_FAILS_IN_AZURE";
const MESSAGE: &str = "TLS handshake timeout";

pub(super) struct TlsHandshakeFailsInAzure;

#[derive(Serialize)]
struct Details<'a> {
    operators: Vec<Waiting<'a>>,
}

#[derive(Serialize)]
struct Waiting<'a> {
    name: &'a str,
    message: &'a str,
}

impl Rule for TlsHandshakeFailsInAzure {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules_ocp.external.rules.tls_handshake_fails_in_azure", KEY)
            .requires(INFRASTRUCTURE)
            .requires(CLUSTER_OPERATORS)
            .for_at_least(MIN_DEGRADED, "degraded")
            .for_at_least(MIN_UNAVAILABLE, "unavailable")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        if context.infrastructure()?.platform() != "Azure" {
            return None;
        }
        let all = context.within_budget(context.cluster_operators());
        let operators = non_empty(all.filter_map(|operator| waiting(operator, context)))?;
        Some(Response::hit(KEY, &Details { operators }))
    }
}

fn waiting<'a>(operator: &'a ClusterOperator<'_>, context: &Context<'_>) -> Option<Waiting<'a>> {
    let problems = [lasting_degraded(operator, context), lasting_unavailable(operator, context)];
    let mut problems = problems.into_iter().flatten();
    let problem = problems.find(|condition| condition.message.contains(MESSAGE))?;
    Some(Waiting { name: &operator.metadata.name, message: excerpt(&problem.message) })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    const TIMEOUT: &str = "Get \"https://10.0.0.1:6443\": net/http: TLS handshake timeout";

    fn ask_about(platform: &str, degraded: &str, message: &str) -> Answer {
        let condition = json!({"type": "Degraded", "status": degraded, "message": message});
        let operator = json!({"metadata": {"name": "console"}, "status": {"conditions": [condition]}});
        let infrastructure = json!({"status": {"platformStatus": {"type": platform}}});
        let files = [
            ("config/clusteroperator/console.json", operator),
            ("config/infrastructure.json", infrastructure),
        ];
        ask(TlsHandshakeFailsInAzure, &files)
    }

    #[test]
    fn timeout_on_azure_is_a_hit() {
        let operators = json!([{"name": "console", "message": TIMEOUT}]);
        assert_eq!(ask_about("Azure", "True", TIMEOUT), Answer::Hit(json!({"operators": operators})));
    }

    #[test]
    fn operator_that_just_became_degraded_is_silent() {
        let condition = json!({"type": "Degraded", "status": "True", "message": TIMEOUT,
            "lastTransitionTime": "2026-01-15T11:58:00Z"});
        let files = [
            ("config/clusteroperator/console.json", json!({"status": {"conditions": [condition]}})),
            ("config/infrastructure.json", json!({"status": {"platformStatus": {"type": "Azure"}}})),
        ];
        assert_eq!(ask(TlsHandshakeFailsInAzure, &files), Answer::Miss);
    }

    #[test]
    fn other_platform_message_or_state_is_silent() {
        assert_eq!(ask_about("AWS", "True", TIMEOUT), Answer::Miss);
        assert_eq!(ask_about("Azure", "True", "connection refused"), Answer::Miss);
        assert_eq!(ask_about("Azure", "False", TIMEOUT), Answer::Miss);
    }

    #[test]
    fn missing_files_are_a_skip() {
        let missing = ["infrastructure", "cluster_operators"];
        assert_eq!(ask(TlsHandshakeFailsInAzure, &[]), Answer::skip_all(&missing));
    }
}
