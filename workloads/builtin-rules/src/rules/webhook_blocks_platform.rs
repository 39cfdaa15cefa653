//! Webhooks of others that can keep the platform's pods from starting.

use std::{borrow::Cow, net::IpAddr};

use serde::Serialize;

use super::{meta, non_empty};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{ConfiguredWebhook, MUTATING_WEBHOOKS, VALIDATING_WEBHOOKS, Webhook},
};

const KEY: &str = "WEBHOOK_MAY_BLOCK_PLATFORM";

/// Without these a cluster can't repair itself.
const VITAL_RESOURCES: [&str; 3] = ["pods", "nodes", "leases"];

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
    let concerns_all_namespaces = webhook.namespace_selector.is_empty() && webhook.object_selector.is_empty();
    if !webhook.must_answer() || !concerns_all_namespaces {
        return None;
    }
    let rules = webhook.rules_about(&VITAL_RESOURCES);
    let resources: Vec<&str> =
        rules.flat_map(|rule| rule.resources.iter()).map(|resource| &**resource).collect();
    let service = foreign_service(webhook).filter(|_| !resources.is_empty())?;
    Some(Blocking { kind, configuration, name: &webhook.name, service, resources })
}

/// Where the webhook runs, unless that is a part of the platform.
fn foreign_service<'a>(webhook: &'a Webhook<'_>) -> Option<Cow<'a, str>> {
    let service = &webhook.client_config.service;
    if !service.namespace.is_empty() {
        let is_of_platform =
            ["openshift-", "kube-"].iter().any(|prefix| service.namespace.starts_with(prefix));
        return (!is_of_platform).then(|| format!("{}/{}", &*service.namespace, &*service.name).into());
    }
    // The platform asks some programs that run on the same node.
    let host = host_of_url(&webhook.client_config.url)?;
    (!is_loopback(host)).then(|| host.into())
}

/// The host of a URL such as `https://[::1]:9743/pods`, without its brackets.
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
            "rules": [{"operations": ["CREATE"], "resources": ["pods"]}]})
    }

    fn ask_about(webhook: &Value) -> Answer {
        let configuration = json!({"webhooks": [webhook]});
        ask(WebhookBlocksPlatform, &[("config/mutatingwebhookconfigurations/c.json", configuration)])
    }

    /// The webhook with one field replaced.
    fn webhook_with(field: &str, value: Value) -> Value {
        let mut webhook = webhook();
        webhook[field] = value;
        webhook
    }

    fn is_hit(webhook: &Value) -> bool {
        matches!(ask_about(webhook), Answer::Hit(_))
    }

    #[test]
    fn a_webhook_that_is_asked_about_all_pods_is_a_hit() {
        let details = json!({"kind": "MutatingWebhookConfiguration", "configuration": "c", "name": "w.example.com",
            "service": "vendor/s", "resources": ["pods"]});
        assert_eq!(ask_about(&webhook()), Answer::Hit(json!({"webhooks": [details]})));
    }

    #[test]
    fn failing_is_the_default() {
        assert!(is_hit(&webhook_with("failurePolicy", json!(null))));
        assert!(!is_hit(&webhook_with("failurePolicy", json!("Ignore"))));
    }

    #[test]
    fn a_webhook_that_is_asked_about_some_objects_only_is_none() {
        for selector in ["namespaceSelector", "objectSelector"] {
            assert!(!is_hit(&webhook_with(selector, json!({"matchLabels": {"x": "y"}}))), "{selector}");
        }
        for (resource, expected) in
            [("configmaps", false), ("pods/exec", false), ("*", true), ("leases", true)]
        {
            assert_eq!(
                is_hit(&webhook_with("rules", json!([{"resources": [resource]}]))),
                expected,
                "{resource}"
            );
        }
    }

    #[test]
    fn a_webhook_of_the_platform_is_none() {
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
    fn one_kind_of_webhooks_is_enough() {
        assert_eq!(
            ask(WebhookBlocksPlatform, &[]),
            Answer::Skip("All: [] Any: ['validating_webhooks', 'mutating_webhooks']".into())
        );
    }
}
