//! Volumes of which it is not clear on what they are kept.

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
    fn no_default_or_two_are_a_hit() {
        assert_eq!(ask_about("false", ""), Answer::Hit(json!({"defaults": [], "classes": 2})));
        assert_eq!(ask_about("true", "true"), Answer::Hit(json!({"defaults": ["a", "b"], "classes": 2})));
    }

    #[test]
    fn one_default_is_none() {
        assert_eq!(ask_about("false", "true"), Answer::Miss);
        assert_eq!(ask(DefaultStorageClass, &[]), Answer::skip_all(&["storage_classes"]));
    }
}
