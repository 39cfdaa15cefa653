//! Every rule on minimal archives: one with the problem, the most similar one without it, and one without the
//! rule's files.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::collections::BTreeSet;

use ccx_rules::{Report, Verdict};
use examples::{Files, examples, run, run_at};
use serde_json::{Value, json};

mod examples;

fn error_keys() -> Vec<String> {
    ccx_builtin_rules::engine().rules().flat_map(|meta| &meta.error_keys).map(ToString::to_string).collect()
}

/// Returns the verdict of the rule with this error key.
fn verdict(report: &Report, key: &str) -> Verdict {
    let has_key =
        |meta: &ccx_rules::RuleMeta| meta.error_keys.iter().any(|error_key| error_key.as_str() == key);
    report
        .runs
        .iter()
        .find(|run| has_key(&run.rule))
        .unwrap_or_else(|| panic!("no rule has the key {key}"))
        .verdict
}

#[test]
fn every_rule_has_an_example() {
    let with_rule: BTreeSet<String> = error_keys().into_iter().collect();
    let with_example: BTreeSet<String> = examples().into_keys().collect();
    let without_example: Vec<_> = with_rule.difference(&with_example).collect();
    assert!(without_example.is_empty(), "no example in tests/data/rule_examples.json: {without_example:?}");
    let without_rule: Vec<_> = with_example.difference(&with_rule).collect();
    assert!(without_rule.is_empty(), "example without a rule: {without_rule:?}");
}

#[test]
fn hit_is_found() {
    for (key, example) in examples() {
        let verdict = verdict(&run(&example.hit), &key);
        assert!(matches!(verdict, Verdict::Response(_)), "{key}: {verdict:?}");
    }
}

#[test]
fn healthy_neighbour_is_silent() {
    for (key, example) in examples() {
        // A rule that always reports has no healthy neighbour.
        if !example.miss.is_empty() {
            assert_eq!(verdict(&run(&example.miss), &key), Verdict::Miss, "{key}");
        }
    }
}

#[test]
fn state_that_just_began_is_not_reported() {
    for (key, example) in examples() {
        let engine = ccx_builtin_rules::engine();
        let meta =
            engine.rules().find(|meta| meta.error_keys.iter().any(|known| known.as_str() == key)).unwrap();
        if meta.min_ages.is_empty() {
            continue;
        }
        let just_began = with_times(&example.hit, "2026-01-15T11:59:59Z");
        assert_eq!(verdict(&run(&just_began), &key), Verdict::Miss, "{key}");
        let report = run_at(&example.hit, None);
        assert_eq!(verdict(&report, &key), Verdict::Skip, "{key} without the time of gathering");
    }
}

/// Returns the files of an example with every time replaced.
fn with_times(files: &Files, time: &str) -> Files {
    let replace =
        |text: &str| if ccx_rules::parse_time(text).is_some() { time.into() } else { text.to_owned() };
    let replaced = |content: &Value| {
        let json: Vec<String> = content.to_string().split('"').map(replace).collect();
        serde_json::from_str(&json.join("\"")).unwrap()
    };
    files.iter().map(|(path, content)| (path.clone(), replaced(content))).collect()
}

#[test]
fn rule_without_its_files_is_skipped() {
    for key in examples().into_keys() {
        assert_eq!(verdict(&run(&Files::new()), &key), Verdict::Skip, "{key}");
    }
}

/// Objects that mean the same when they are empty or missing, by the definition of their API, by error key.
const EMPTY_BY_DEFINITION: [(&str, &str); 5] = [
    ("DEFAULT_STORAGE_CLASS_NOT_UNIQUE", "/metadata/annotations"),
    ("PROMETHEUS_BACKED_BY_PVC", "/prometheusK8s"),
    ("PROMETHEUS_BACKED_BY_PVC", "/prometheusK8s/volumeClaimTemplate"),
    ("WEBHOOK_MAY_BLOCK_PLATFORM", "/namespaceSelector"),
    ("WEBHOOK_MAY_BLOCK_PLATFORM", "/namespaceSelector/matchLabels"),
];

#[test]
fn emptied_object_of_a_healthy_cluster_is_not_reported() {
    let mut reported = BTreeSet::new();
    for (key, example) in examples() {
        for (path, content) in &example.miss {
            for pointer in pointers_of_objects(content, "") {
                let is_in_list = pointer.ends_with(|last: char| last.is_ascii_digit());
                let is_defined = |(of, end): &(&str, &str)| key == *of && pointer.ends_with(end);
                if EMPTY_BY_DEFINITION.iter().any(is_defined) {
                    continue;
                }
                // Lists leave out elements that are no objects.
                for empty in [json!({}), Value::Null].into_iter().take(if is_in_list { 1 } else { 2 }) {
                    let mut files = example.miss.clone();
                    *files.get_mut(path).unwrap().pointer_mut(&pointer).unwrap() = empty;
                    if matches!(verdict(&run(&files), &key), Verdict::Response(_)) {
                        reported.insert(format!("{key} {path}{pointer}"));
                    }
                }
            }
        }
    }
    assert_eq!(reported, BTreeSet::new());
}

/// Returns the JSON pointers of all objects in a value, itself included.
fn pointers_of_objects(value: &Value, pointer: &str) -> Vec<String> {
    let below = |(name, value): (String, &Value)| pointers_of_objects(value, &format!("{pointer}/{name}"));
    match value {
        Value::Object(fields) => {
            let escaped =
                fields.iter().map(|(name, value)| (name.replace('~', "~0").replace('/', "~1"), value));
            let mut pointers: Vec<String> = escaped.flat_map(below).collect();
            pointers.push(pointer.to_owned());
            pointers
        }
        Value::Array(items) => {
            items.iter().enumerate().map(|(index, item)| (index.to_string(), item)).flat_map(below).collect()
        }
        _ => Vec::new(),
    }
}
