//! Every rule on its smallest archives: one that hits, the closest one that must not, and one without the rule's files.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::collections::BTreeSet;

use ccx_rules::{Report, Verdict};
use examples::{Files, examples, run};

mod examples;

fn error_keys() -> Vec<String> {
    ccx_builtin_rules::engine().rules().flat_map(|meta| &meta.error_keys).map(ToString::to_string).collect()
}

/// How the rule with this key ended.
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
fn every_rule_has_an_example_and_every_example_a_rule() {
    let with_rule: BTreeSet<String> = error_keys().into_iter().collect();
    let with_example: BTreeSet<String> = examples().into_keys().collect();
    assert_eq!(with_rule, with_example);
}

#[test]
fn hits_are_found() {
    for (key, example) in examples() {
        let verdict = verdict(&run(&example.hit), &key);
        assert!(matches!(verdict, Verdict::Response(_)), "{key}: {verdict:?}");
    }
}

#[test]
fn healthy_neighbours_are_not() {
    for (key, example) in examples() {
        // What is always reported has no healthy neighbour.
        if !example.miss.is_empty() {
            assert_eq!(verdict(&run(&example.miss), &key), Verdict::Miss, "{key}");
        }
    }
}

#[test]
fn without_its_files_a_rule_is_skipped() {
    for key in examples().into_keys() {
        assert_eq!(verdict(&run(&Files::new()), &key), Verdict::Skip, "{key}");
    }
}
