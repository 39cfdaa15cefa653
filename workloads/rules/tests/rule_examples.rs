//! Every rule on its smallest archives: one that hits, the closest one that must not, and one without the rule's files.
//!
//! `data/rule_examples.json` has for each key the files of a `hit` and of a `miss`: JSON, or text where the value is a string.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::collections::{BTreeMap, BTreeSet};

use ccx_archive::{Archive, Limits};
use ccx_rules::{Engine, Report, Verdict};
use serde::Deserialize;
use serde_json::Value;

type Files = BTreeMap<String, Value>;

#[derive(Deserialize)]
struct Example {
    hit: Files,
    miss: Files,
}

fn examples() -> BTreeMap<String, Example> {
    serde_json::from_str(include_str!("data/rule_examples.json")).unwrap()
}

fn error_keys() -> Vec<String> {
    Engine::builtin().rules().flat_map(|meta| &meta.error_keys).map(ToString::to_string).collect()
}

fn run(files: &Files) -> Report {
    let mut tar = tar::Builder::new(Vec::new());
    let empty = ("config/none".to_owned(), Value::String(String::new()));
    for (path, content) in files.iter().chain([(&empty.0, &empty.1)]) {
        let content = content.as_str().map_or_else(|| content.to_string(), Into::into);
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        tar.append_data(&mut header, path, content.as_bytes()).unwrap();
    }
    let archive = Archive::read(tar.into_inner().unwrap().into(), &Limits::default()).unwrap();
    Engine::builtin().run(&archive, Some("2026-01-15T12:00:00Z".parse().unwrap()))
}

/// How the rule with this key ended.
fn verdict(report: &Report, key: &str) -> Verdict {
    let has_key = |meta: &ccx_rules::RuleMeta| meta.error_keys.iter().any(|error_key| error_key.as_str() == key);
    report.runs.iter().find(|run| has_key(&run.rule)).unwrap_or_else(|| panic!("no rule has the key {key}")).verdict
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
