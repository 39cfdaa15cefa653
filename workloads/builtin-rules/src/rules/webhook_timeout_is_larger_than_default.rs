//! Admission webhooks with a timeout above the default, which can delay the creation of pods.

use serde::Serialize;

use super::{meta, non_empty, vital_request::is_called_for_new_pods};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{ConfiguredWebhook, MUTATING_WEBHOOKS, VALIDATING_WEBHOOKS},
};

const KEY: &str = "WEBHOOK_TIMEOUT_IS_LARGER_THAN_DEFAULT";

/// Maximum timeout. The default of the API servers is 10 s; clients of the API cancel a request a few seconds
/// later.
const MAX_SECONDS: i64 = 13;

pub(super) struct WebhookTimeoutIsLargerThanDefault;

#[derive(Serialize)]
struct Details<'a> {
    webhooks: Vec<Slow<'a>>,
    limit: i64,
}

#[derive(Serialize)]
struct Slow<'a> {
    kind: &'static str,
    configuration: &'a str,
    name: &'a str,
    timeout: i64,
}

impl Rule for WebhookTimeoutIsLargerThanDefault {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules_ocp.external.rules.webhook_timeout_is_larger_than_default", KEY)
            .requires_any(&[VALIDATING_WEBHOOKS, MUTATING_WEBHOOKS])
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let webhooks = non_empty(context.within_budget(context.webhooks()).filter_map(slow))?;
        Some(Response::hit(KEY, &Details { webhooks, limit: MAX_SECONDS }))
    }
}

fn slow<'a>(
    ConfiguredWebhook { kind, configuration, webhook }: ConfiguredWebhook<'a, '_>,
) -> Option<Slow<'a>> {
    let timeout = webhook.timeout_seconds.0.filter(|&seconds| seconds > MAX_SECONDS)?;
    is_called_for_new_pods(webhook).then(|| Slow { kind, configuration, name: &webhook.name, timeout })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(seconds: i64, operation: &str, resource: &str) -> Answer {
        let webhook = json!({"name": "w", "timeoutSeconds": seconds, "failurePolicy": "Ignore",
            "rules": [{"operations": [operation], "resources": ["configmaps", resource]}]});
        let configuration = json!({"webhooks": [webhook]});
        ask(
            WebhookTimeoutIsLargerThanDefault,
            &[("config/validatingwebhookconfigurations/c.json", configuration)],
        )
    }

    #[test]
    fn long_timeout_for_new_pods_is_a_hit() {
        let webhook = json!({"kind": "ValidatingWebhookConfiguration", "configuration": "c", "name": "w", "timeout": 14});
        let hit = Answer::Hit(json!({"webhooks": [webhook], "limit": 13}));
        for (operation, resource) in [("CREATE", "pods"), ("*", "pods"), ("CREATE", "*")] {
            assert_eq!(ask_about(14, operation, resource), hit, "{operation} {resource}");
        }
    }

    #[test]
    fn rule_about_another_api_group_is_silent() {
        for (group, expected) in [("", true), ("*", true), ("metrics.example.com", false)] {
            let rule = json!({"operations": ["CREATE"], "apiGroups": [group], "resources": ["pods", "*/*"]});
            let configuration = json!({"webhooks": [{"name": "w", "timeoutSeconds": 30, "rules": [rule]}]});
            let files = [("config/validatingwebhookconfigurations/c.json", configuration)];
            let answer = ask(WebhookTimeoutIsLargerThanDefault, &files);
            assert_eq!(matches!(answer, Answer::Hit(_)), expected, "{group}");
        }
    }

    #[test]
    fn short_timeout_or_other_request_is_silent() {
        assert_eq!(ask_about(13, "CREATE", "pods"), Answer::Miss);
        assert_eq!(ask_about(30, "DELETE", "pods"), Answer::Miss);
        assert_eq!(ask_about(30, "CREATE", "secrets"), Answer::Miss);
        let missing = "All: [] Any: ['validating_webhooks', 'mutating_webhooks']";
        assert_eq!(ask(WebhookTimeoutIsLargerThanDefault, &[]), Answer::Skip(missing.into()));
    }
}
