//! Insecure registries: they are accessed without TLS or without a valid certificate.

use serde::Serialize;

use super::meta;
use ccx_rules::{
    ClusterKind, Context, Response, Rule, RuleMeta,
    documents::{IMAGE_CONFIG, Text},
};

const KEY: &str = "INSECURE_REGISTRIES_CONFIGURED";

pub(super) struct InsecureRegistries;

#[derive(Serialize)]
struct Details<'a> {
    registries: &'a [Text<'a>],
    is_hosted: bool,
}

impl Rule for InsecureRegistries {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.insecure_registries", KEY)
            .requires(IMAGE_CONFIG)
            .adapts_to(ClusterKind::HostedControlPlane, "the text names the HostedCluster")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let registries = &*context.image_config()?.spec.registry_sources.insecure;
        let is_hosted = context.is_kind(ClusterKind::HostedControlPlane);
        (!registries.is_empty()).then(|| Response::hit(KEY, &Details { registries, is_hosted }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(sources: &Value) -> Answer {
        ask(InsecureRegistries, &[("config/image.json", json!({"spec": {"registrySources": sources}}))])
    }

    #[test]
    fn insecure_registries_are_a_hit() {
        let answer = ask_about(&json!({"insecureRegistries": ["a:5000", "b"]}));
        assert_eq!(answer, Answer::Hit(json!({"registries": ["a:5000", "b"], "is_hosted": false})));
    }

    #[test]
    fn other_registry_settings_are_silent() {
        assert_eq!(ask_about(&json!({"insecureRegistries": [], "allowedRegistries": ["a"]})), Answer::Miss);
        assert_eq!(ask(InsecureRegistries, &[]), Answer::skip_all(&["image_config"]));
    }
}
