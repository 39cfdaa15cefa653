//! Third-party admission webhooks that can prevent the platform's pods from starting.

use std::{borrow::Cow, net::IpAddr};

use serde::Serialize;

use super::{meta, non_empty, vital_request::vital_resources};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{ConfiguredWebhook, MUTATING_WEBHOOKS, VALIDATING_WEBHOOKS, Webhook},
};

const KEY: &str = "WEBHOOK_MAY_BLOCK_PLATFORM";

pub(super) struct WebhookBlocksPlatform;

#[derive(Serialize)]
struct Details<'a> {
    webhooks: Vec<Blocking<'a>>,
}

#[derive(Serialize)]
struct Blocking<'a> {
    kind: &'static str,
    configuration: &'a str,
    name: &'a str,
    service: Cow<'a, str>,
    resources: Vec<&'a str>,
}

impl Rule for WebhookBlocksPlatform {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.webhook_blocks_platform", KEY)
            .requires_any(&[VALIDATING_WEBHOOKS, MUTATING_WEBHOOKS])
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let webhooks = non_empty(context.within_budget(context.webhooks()).filter_map(blocking))?;
        Some(Response::hit(KEY, &Details { webhooks }))
    }
}

fn blocking<'a>(
    ConfiguredWebhook { kind, configuration, webhook }: ConfiguredWebhook<'a, '_>,
) -> Option<Blocking<'a>> {
    if !webhook.must_answer() {
        return None;
    }
    let service = foreign_service(webhook)?;
    let resources = vital_resources(webhook);
    if resources.is_empty() {
        return None;
    }
    Some(Blocking { kind, configuration, name: &webhook.name, service, resources })
}

/// Returns the service or host of the webhook, unless it is part of the platform.
fn foreign_service<'a>(webhook: &'a Webhook<'_>) -> Option<Cow<'a, str>> {
    let service = &webhook.client_config.service;
    if !service.namespace.is_empty() {
        let is_of_platform =
            ["openshift-", "kube-"].iter().any(|prefix| service.namespace.starts_with(prefix));
        return (!is_of_platform).then(|| format!("{}/{}", &*service.namespace, &*service.name).into());
    }
    // Some webhooks of the platform run on the same node.
    let host = host_of_url(&webhook.client_config.url)?;
    (!is_loopback(host)).then(|| host.into())
}

/// Returns the host of a URL such as `https://[::1]:9743/pods`, without its brackets.
fn host_of_url(url: &str) -> Option<&str> {
    let (_, after_scheme) = url.split_once("://")?;
    let authority = after_scheme.split(['/', '?', '#']).next()?;
    let host_and_port = authority.rsplit('@').next()?;
    let host = match host_and_port.strip_prefix('[') {
        Some(address) => address.split(']').next()?,
        None => host_and_port.split(':').next()?,
    };
    Some(host).filter(|host| !host.is_empty())
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn webhook() -> Value {
        json!({"name": "w.example.com", "failurePolicy": "Fail", "namespaceSelector": {}, "objectSelector": {},
            "clientConfig": {"service": {"namespace": "vendor", "name": "s"}},
            "rules": [{"operations": ["CREATE"], "apiGroups": [""], "resources": ["pods"]}]})
    }

    fn ask_about(webhook: &Value) -> Answer {
        let configuration = json!({"webhooks": [webhook]});
        ask(WebhookBlocksPlatform, &[("config/mutatingwebhookconfigurations/c.json", configuration)])
    }

    /// Returns the webhook with one field replaced.
    fn webhook_with(field: &str, value: Value) -> Value {
        let mut webhook = webhook();
        webhook[field] = value;
        webhook
    }

    fn is_hit(webhook: &Value) -> bool {
        matches!(ask_about(webhook), Answer::Hit(_))
    }

    #[test]
    fn webhook_for_all_pods_is_a_hit() {
        let details = json!({"kind": "MutatingWebhookConfiguration", "configuration": "c", "name": "w.example.com",
            "service": "vendor/s", "resources": ["pods"]});
        assert_eq!(ask_about(&webhook()), Answer::Hit(json!({"webhooks": [details]})));
    }

    #[test]
    fn failure_policy_defaults_to_fail() {
        assert!(is_hit(&webhook_with("failurePolicy", json!(null))));
        assert!(!is_hit(&webhook_with("failurePolicy", json!("Ignore"))));
    }

    #[test]
    fn rule_counts_by_group_resource_operation_and_scope() {
        let rule = |group: &str, resource: &str, operation: &str, scope: &str| json!([{"apiGroups": [group], "resources": [resource], "operations": [operation], "scope": scope}]);
        for (rules, expected) in [
            (rule("", "configmaps", "CREATE", "*"), false),
            (rule("", "pods/exec", "*", "*"), false),
            (rule("", "pods/*", "CREATE", "*"), true),
            (rule("*", "*", "*", "*"), true),
            (rule("*", "*/*", "*", "*"), true),
            (rule("shop.example.com", "*/*", "*", "*"), false),
            (rule("metrics.example.com", "pods", "CREATE", "*"), false),
            (rule("coordination.k8s.io", "leases", "UPDATE", "*"), true),
            (rule("", "leases", "UPDATE", "*"), false),
            (rule("", "pods", "UPDATE", "*"), false),
            (rule("", "pods", "DELETE", "*"), false),
            (rule("", "pods", "CONNECT", "*"), false),
            (rule("", "pods/binding", "CREATE", "Namespaced"), true),
            (rule("", "pods", "CREATE", "Cluster"), false),
            (rule("", "nodes", "UPDATE", "Namespaced"), false),
            (rule("", "nodes", "UPDATE", "Cluster"), true),
            (rule("", "nodes/status", "UPDATE", ""), true),
            (rule("", "nodes/status", "DELETE", ""), false),
            (json!([{}]), false),
            (json!(null), false),
        ] {
            assert_eq!(is_hit(&webhook_with("rules", rules.clone())), expected, "{rules}");
        }
    }

    #[test]
    fn selector_counts_by_whether_it_spares_the_platform() {
        let expression = |key: &str, operator: &str, values: &[&str]| json!({"matchExpressions": [{"key": key, "operator": operator, "values": values}]});
        let name = "kubernetes.io/metadata.name";
        for (selector, expected) in [
            (json!({}), true),
            (json!(null), true),
            (json!({"matchLabels": {"policy": "enabled"}}), false),
            (expression(name, "NotIn", &["policy-engine"]), true),
            (expression(name, "NotIn", &["policy-engine", "kube-system", "openshift-etcd"]), true),
            (expression(name, "In", &["shop", "bank"]), false),
            (expression(name, "In", &["shop", "openshift-ingress"]), true),
            (expression("admission.example.com/ignore", "DoesNotExist", &[]), true),
            (expression("control-plane", "NotIn", &["controller-manager"]), true),
            (expression("team", "Exists", &[]), false),
            (expression("openshift.io/cluster-monitoring", "DoesNotExist", &[]), false),
            (expression("openshift.io/run-level", "NotIn", &["0", "1"]), true),
        ] {
            assert_eq!(is_hit(&webhook_with("namespaceSelector", selector.clone())), expected, "{selector}");
        }
        for (selector, expected) in [
            (json!({"matchLabels": {"app": "shop"}}), false),
            (expression("skip-policy", "DoesNotExist", &[]), true),
            (expression("app", "NotIn", &["policy-engine"]), true),
        ] {
            assert_eq!(is_hit(&webhook_with("objectSelector", selector.clone())), expected, "{selector}");
        }
    }

    #[test]
    fn namespace_selector_does_not_spare_nodes() {
        let mut webhook = webhook_with("namespaceSelector", json!({"matchLabels": {"policy": "enabled"}}));
        webhook["rules"] =
            json!([{"apiGroups": ["*"], "resources": ["*"], "operations": ["CREATE"], "scope": "*"}]);
        assert!(is_hit(&webhook));
        webhook["rules"][0]["scope"] = json!("Namespaced");
        assert!(!is_hit(&webhook));
    }

    #[test]
    fn match_condition_counts_by_whether_it_spares_the_platform() {
        for (expression, expected) in [
            ("request.namespace != 'policy-engine'", true),
            ("!request.namespace.startsWith('openshift-')", false),
            ("!('system:nodes' in request.userInfo.groups)", true),
            ("request.namespace in ['shop']", false),
            ("object.metadata.labels['policy'] == 'on'", false),
        ] {
            let conditions = json!([{"name": "c", "expression": expression}]);
            assert_eq!(is_hit(&webhook_with("matchConditions", conditions)), expected, "{expression}");
        }
        let both =
            json!([{"expression": "true"}, {"expression": "!request.namespace.startsWith('openshift-')"}]);
        assert!(!is_hit(&webhook_with("matchConditions", both)));
    }

    #[test]
    fn webhook_of_the_platform_is_silent() {
        for (namespace, expected) in
            [("openshift-x", false), ("kube-system", false), ("openshiftish", true), ("", false)]
        {
            let config = json!({"service": {"namespace": namespace}});
            assert_eq!(is_hit(&webhook_with("clientConfig", config)), expected, "{namespace}");
        }
        for (url, expected) in [
            ("https://127.0.0.1:9743/pod", false),
            ("https://[::1]:9743/pod", false),
            ("https://localhost/x", false),
            ("https://hooks.example.com:8443/x?y", true),
            ("https://10.0.0.1", true),
            ("nonsense", false),
        ] {
            assert_eq!(is_hit(&webhook_with("clientConfig", json!({"url": url}))), expected, "{url}");
        }
    }

    #[test]
    fn missing_files_are_a_skip() {
        assert_eq!(
            ask(WebhookBlocksPlatform, &[]),
            Answer::Skip("All: [] Any: ['validating_webhooks', 'mutating_webhooks']".into())
        );
    }
}
