//! Allowed or blocked registries that exclude the platform's own images.

use serde::Serialize;

use super::meta;
use ccx_rules::{
    ClusterKind, Context, Response, Rule, RuleMeta,
    documents::{CLUSTER_VERSION, IMAGE_CONFIG, Text},
};

const KEY: &str = "ALLOWED_REGISTRIES_BLOCK_PLATFORM";

pub(super) struct AllowedRegistriesIncomplete;

#[derive(Serialize)]
struct Details<'a> {
    registry: &'a str,
    allowed: &'a [Text<'a>],
    blocked: &'a [Text<'a>],
    is_hosted: bool,
}

impl Rule for AllowedRegistriesIncomplete {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.allowed_registries_incomplete", KEY)
            .requires(IMAGE_CONFIG)
            .requires(CLUSTER_VERSION)
            .adapts_to(ClusterKind::HostedControlPlane, "the text names the HostedCluster")
            .adapts_to(ClusterKind::Disconnected, "the text explains mirror registries")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let sources = &context.image_config()?.spec.registry_sources;
        let (allowed, blocked) = (&*sources.allowed, &*sources.blocked);
        let image = &*context.cluster_version()?.status.desired.image;
        let registry = image.split_once('/').map(|(host, _)| host)?;
        let is_left_out = !allowed.is_empty() && !covers(allowed, image);
        let is_hit = is_left_out || covers(blocked, image);
        let is_hosted = context.is_kind(ClusterKind::HostedControlPlane);
        is_hit.then(|| Response::hit(KEY, &Details { registry, allowed, blocked, is_hosted }))
    }
}

/// Returns whether one of the entries covers the repository of the image.
fn covers(entries: &[Text<'_>], image: &str) -> bool {
    entries.iter().any(|entry| match entry.strip_prefix("*.") {
        Some(domain) => {
            let host = image.split(['/', ':']).next().unwrap_or_default();
            host.strip_suffix(domain).is_some_and(|subdomain| subdomain.ends_with('.'))
        }
        None => image
            .strip_prefix(&**entry)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', ':', '@'])),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    const IMAGE: &str = "quay.io/openshift-release-dev/ocp-release@sha256:aa";

    fn ask_about(image: &str, allowed: &Value, blocked: &Value) -> Answer {
        let sources = json!({"allowedRegistries": allowed, "blockedRegistries": blocked});
        let files = [
            ("config/image.json", json!({"spec": {"registrySources": sources}})),
            ("config/version.json", json!({"status": {"desired": {"image": image}}})),
        ];
        ask(AllowedRegistriesIncomplete, &files)
    }

    fn is_hit(allowed: &Value, blocked: &Value) -> bool {
        matches!(ask_about(IMAGE, allowed, blocked), Answer::Hit(_))
    }

    #[test]
    fn release_that_is_not_allowed_is_a_hit() {
        let details = json!({"registry": "quay.io", "allowed": ["registry.example.com"], "blocked": [],
            "is_hosted": false});
        assert_eq!(ask_about(IMAGE, &json!(["registry.example.com"]), &json!([])), Answer::Hit(details));
    }

    #[test]
    fn release_that_is_blocked_is_a_hit() {
        let details = json!({"registry": "quay.io", "allowed": [], "blocked": ["quay.io/openshift-release-dev"], "is_hosted": false});
        assert_eq!(
            ask_about(IMAGE, &json!([]), &json!(["quay.io/openshift-release-dev"])),
            Answer::Hit(details)
        );
    }

    #[test]
    fn host_repository_prefix_or_domain_covers_the_release() {
        for (entry, covers) in [
            ("quay.io", true),
            ("quay.io/openshift-release-dev", true),
            ("quay.io/openshift", false),
            ("quay.io:443", false),
            ("*.io", true),
            ("*.quay.io", false),
            ("quay", false),
        ] {
            assert_eq!(is_hit(&json!([entry]), &json!([])), !covers, "{entry}");
            assert_eq!(is_hit(&json!([]), &json!([entry])), covers, "{entry}");
        }
        assert!(!is_hit(&json!(["a.example.com", "quay.io"]), &json!(["b.example.com"])));
    }

    #[test]
    fn configuration_without_lists_or_a_release_is_silent() {
        assert!(!is_hit(&json!([]), &json!([])));
        assert_eq!(ask_about("", &json!(["a"]), &json!([])), Answer::Miss);
        assert_eq!(
            ask(AllowedRegistriesIncomplete, &[]),
            Answer::skip_all(&["image_config", "cluster_version"])
        );
    }
}
