//! An internal image registry with several storage backends.

use serde::Serialize;

use super::meta;
use ccx_rules::{Context, Response, Rule, RuleMeta, documents::IMAGE_REGISTRY};

const KEY: &str = "IMAGE_REGISTRY_MULTIPLE_STORAGE_TYPES";

pub(super) struct ImageRegistryMultipleStorageTypes;

#[derive(Serialize)]
struct Details<'a> {
    storage_types: Vec<&'a str>,
}

impl Rule for ImageRegistryMultipleStorageTypes {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules_ocp.external.rules.image_registry_multiple_storage_types", KEY)
            .requires(IMAGE_REGISTRY)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let storage_types: Vec<&str> = context.image_registry()?.spec.storage_backends().collect();
        (storage_types.len() > 1).then(|| Response::hit(KEY, &Details { storage_types }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(storage: &Value) -> Answer {
        let path = "config/clusteroperator/imageregistry.operator.openshift.io/config/cluster.json";
        ask(ImageRegistryMultipleStorageTypes, &[(path, json!({"spec": {"storage": storage}}))])
    }

    #[test]
    fn two_backends_are_a_hit() {
        let storage = json!({"managementState": "Managed", "pvc": {}, "s3": {"bucket": "b"}});
        assert_eq!(ask_about(&storage), Answer::Hit(json!({"storage_types": ["pvc", "s3"]})));
    }

    #[test]
    fn one_backend_is_silent() {
        assert_eq!(ask_about(&json!({"s3": {}, "managementState": "Managed"})), Answer::Miss);
        assert_eq!(ask_about(&json!({})), Answer::Miss);
        assert_eq!(ask(ImageRegistryMultipleStorageTypes, &[]), Answer::skip_all(&["image_registry"]));
    }
}
