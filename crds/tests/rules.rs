//! Every CEL rule passes a resource that keeps it, and refuses one that breaks it with its own message alone.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod cases;

use std::collections::BTreeSet;

use ccx_crds::{CcxPipeline, Violation, validate};
use kube::CustomResourceExt;
use serde_json::{Value, json};

#[test]
fn resource_that_keeps_a_rule_is_accepted() {
    for case in cases::all() {
        assert_eq!(validate(&case.passes, case.old.as_ref()), [], "{}", case.rule);
    }
}

#[test]
fn resource_that_breaks_a_rule_is_refused_with_its_message_only() {
    for case in cases::all() {
        let expected = Violation { path: case.path, message: case.rule };
        assert_eq!(validate(&case.fails, case.old.as_ref()), [expected]);
    }
}

#[test]
fn resource_before_a_change_is_accepted() {
    for case in cases::all() {
        if let Some(old) = &case.old {
            assert_eq!(validate(old, None), [], "{}", case.rule);
        }
    }
}

#[test]
fn every_rule_has_a_case_and_every_case_a_rule() {
    let definition = json!(CcxPipeline::crd());
    let mut messages = BTreeSet::new();
    collect_messages(&definition, &mut messages);
    let covered: BTreeSet<String> = cases::all().into_iter().map(|case| case.rule).collect();
    assert_eq!(
        messages.difference(&covered).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "rules without a case"
    );
    assert_eq!(
        covered.difference(&messages).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "cases without a rule"
    );
    assert!(messages.len() >= 40, "{}", messages.len());
}

fn collect_messages(value: &Value, messages: &mut BTreeSet<String>) {
    if let Some(Value::Array(rules)) = value.get("x-kubernetes-validations") {
        messages.extend(rules.iter().map(|rule| rule["message"].as_str().unwrap().to_owned()));
    }
    match value {
        Value::Object(fields) => fields.values().for_each(|field| collect_messages(field, messages)),
        Value::Array(items) => items.iter().for_each(|item| collect_messages(item, messages)),
        _ => {}
    }
}
