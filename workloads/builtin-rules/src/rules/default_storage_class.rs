//! No default storage class, or more than one.

use serde::Serialize;

use super::meta;
use ccx_rules::{Context, Response, Rule, RuleMeta, documents::STORAGE_CLASSES};

const KEY: &str = "DEFAULT_STORAGE_CLASS_NOT_UNIQUE";

pub(super) struct DefaultStorageClass;

#[derive(Serialize)]
struct Details<'a> {
    defaults: Vec<&'a str>,
    classes: usize,
}

impl Rule for DefaultStorageClass {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.default_storage_class", KEY).requires(STORAGE_CLASSES)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let classes = context.storage_classes();
        let are_all_read = classes.len() == context.files(&STORAGE_CLASSES).len();
        if !are_all_read || classes.iter().any(|class| class.metadata.name.is_empty()) {
            return Some(Response::undecided("a storage class has no metadata"));
        }
        let defaults = context.within_budget(classes).filter(|class| class.is_default());
        let defaults: Vec<&str> = defaults.map(|class| &*class.metadata.name).collect();
        (defaults.len() != 1).then(|| Response::hit(KEY, &Details { defaults, classes: classes.len() }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(a: &str, b: &str) -> Answer {
        let class = |name: &str, is_default: &str| -> Value {
            let annotations = json!({"storageclass.kubernetes.io/is-default-class": is_default});
            json!({"metadata": {"name": name, "annotations": annotations}})
        };
        let files = [
            ("config/storage/storageclasses/a.json", class("a", a)),
            ("config/storage/storageclasses/b.json", class("b", b)),
        ];
        ask(DefaultStorageClass, &files)
    }

    #[test]
    fn missing_or_second_default_is_a_hit() {
        assert_eq!(ask_about("false", ""), Answer::Hit(json!({"defaults": [], "classes": 2})));
        assert_eq!(ask_about("true", "true"), Answer::Hit(json!({"defaults": ["a", "b"], "classes": 2})));
    }

    #[test]
    fn default_by_the_beta_annotation_counts() {
        let class = |name: &str, annotation: &str| -> Value {
            json!({"metadata": {"name": name, "annotations": {annotation: "true"}}})
        };
        let beta = "storageclass.beta.kubernetes.io/is-default-class";
        let ask_about = |other: Value| {
            let files = [
                ("config/storage/storageclasses/a.json", class("a", beta)),
                ("config/storage/storageclasses/b.json", other),
            ];
            ask(DefaultStorageClass, &files)
        };
        assert_eq!(ask_about(class("b", "other")), Answer::Miss);
        let both = ask_about(class("b", "storageclass.kubernetes.io/is-default-class"));
        assert_eq!(both, Answer::Hit(json!({"defaults": ["a", "b"], "classes": 2})));
    }

    #[test]
    fn class_without_metadata_is_a_skip() {
        for class in [json!({"metadata": {}}), json!({"metadata": null}), json!({"provisioner": "x"})] {
            let answer = ask(DefaultStorageClass, &[("config/storage/storageclasses/a.json", class)]);
            assert_eq!(answer, Answer::Skip("a storage class has no metadata".into()));
        }
        let class = json!({"metadata": {"name": "b", "annotations": {}}});
        let files = [
            ("config/storage/storageclasses/a.json", json!({})),
            ("config/storage/storageclasses/b.json", class),
        ];
        assert_eq!(ask(DefaultStorageClass, &files), Answer::Skip("a storage class has no metadata".into()));
        let empty = ask(DefaultStorageClass, &[("config/storage/storageclasses/a.json", json!({}))]);
        assert_eq!(empty, Answer::skip_all(&["storage_classes"]));
    }

    #[test]
    fn single_default_is_silent() {
        assert_eq!(ask_about("false", "true"), Answer::Miss);
        assert_eq!(ask(DefaultStorageClass, &[]), Answer::skip_all(&["storage_classes"]));
    }
}
