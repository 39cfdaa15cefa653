//! An internal image registry without persistent storage.

use serde::Serialize;

use super::meta;
use ccx_rules::{Context, Response, Rule, RuleMeta, documents::IMAGE_REGISTRY};

const KEY: &str = "IMAGE_REGISTRY_EPHEMERAL_STORAGE";

pub(super) struct ImageRegistryEphemeral;

#[derive(Serialize)]
struct Details {
    storage: &'static str,
    replicas: i64,
}

impl Rule for ImageRegistryEphemeral {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.image_registry_ephemeral", KEY).requires(IMAGE_REGISTRY)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let spec = &context.image_registry()?.spec;
        if spec.is_empty() || spec.storage.is_none() {
            return Some(Response::undecided("the registry's configuration has no `spec.storage`"));
        }
        let storage = if spec.storage_backends().any(|backend| backend == "emptyDir") {
            "emptyDir"
        } else if spec.storage_backends().next().is_none() {
            "none"
        } else {
            return None;
        };
        let replicas = spec.replicas.0.unwrap_or_default();
        (&*spec.management_state == "Managed").then(|| Response::hit(KEY, &Details { storage, replicas }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    const PATH: &str = "config/clusteroperator/imageregistry.operator.openshift.io/config/cluster.json";

    fn ask_about(state: &str, storage: &Value) -> Answer {
        let spec = json!({"managementState": state, "replicas": 1, "storage": storage});
        ask(ImageRegistryEphemeral, &[(PATH, json!({"spec": spec}))])
    }

    #[test]
    fn ephemeral_storage_is_a_hit() {
        for (storage, told) in [
            (json!({"emptyDir": {}, "managementState": "Managed"}), "emptyDir"),
            (json!({"managementState": "Managed"}), "none"),
            (json!({}), "none"),
        ] {
            assert_eq!(ask_about("Managed", &storage), Answer::Hit(json!({"storage": told, "replicas": 1})));
        }
    }

    #[test]
    fn configuration_without_storage_is_a_skip() {
        let skip = Answer::Skip("the registry's configuration has no `spec.storage`".into());
        for spec in [
            json!(null),
            json!({}),
            json!({"managementState": "Managed"}),
            json!({"managementState": "Managed", "storage": null}),
        ] {
            assert_eq!(ask(ImageRegistryEphemeral, &[(PATH, json!({"spec": spec}))]), skip, "{spec}");
        }
    }

    #[test]
    fn persistent_storage_or_removed_registry_is_silent() {
        assert_eq!(ask_about("Managed", &json!({"s3": {}})), Answer::Miss);
        assert_eq!(ask_about("Removed", &json!({})), Answer::Miss);
        assert_eq!(ask(ImageRegistryEphemeral, &[]), Answer::skip_all(&["image_registry"]));
    }
}
