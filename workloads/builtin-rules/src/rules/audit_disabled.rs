//! API servers that do not write an audit log.

use serde::Serialize;

use super::meta;
use ccx_rules::{ClusterKind, Context, Response, Rule, RuleMeta, documents::API_SERVER};

const KEY: &str = "AUDIT_LOGGING_DISABLED";

pub(super) struct AuditDisabled;

#[derive(Serialize)]
struct Details<'a> {
    profile: &'a str,
}

impl Rule for AuditDisabled {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.audit_disabled", KEY)
            .requires(API_SERVER)
            .not_on(ClusterKind::HostedControlPlane, "the HostedCluster configures the API server")
            .not_on(ClusterKind::ManagedService, "the provider configures the audit log")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let profile = &*context.api_server()?.spec.audit.profile;
        (profile == "None").then(|| Response::hit(KEY, &Details { profile }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(profile: &Value) -> Answer {
        ask(AuditDisabled, &[("config/apiserver.json", json!({"spec": {"audit": {"profile": profile}}}))])
    }

    #[test]
    fn disabled_audit_log_is_a_hit() {
        assert_eq!(ask_about(&json!("None")), Answer::Hit(json!({"profile": "None"})));
    }

    #[test]
    fn audit_log_of_any_profile_is_silent() {
        for profile in [json!("Default"), json!("WriteRequestBodies"), json!(""), json!(null)] {
            assert_eq!(ask_about(&profile), Answer::Miss, "{profile}");
        }
        assert_eq!(ask(AuditDisabled, &[]), Answer::skip_all(&["api_server"]));
    }
}
