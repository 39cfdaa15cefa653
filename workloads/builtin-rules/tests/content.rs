//! Consistency of the built-in rules with the built-in content and with the clients that read both.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::collections::{BTreeMap, BTreeSet};

use ccx_content::{Content, ContentTree, lint_details, lint_keys};
use ccx_rules::{Finding, Kind, Report, WorkloadChecks};
use examples::{archive, examples, run};
use serde_json::Value;

mod examples;

/// Returns all hits of the rules on their examples.
fn findings() -> Vec<Finding> {
    let reports = examples().into_values().map(|example| run(&example.hit));
    reports.flat_map(|report| report.hits.into_iter().chain(report.info)).collect()
}

fn content_of(finding: &Finding) -> &'static Content {
    let Finding { rule, error_key, .. } = finding;
    let content = ContentTree::builtin().get(rule, error_key);
    content.unwrap_or_else(|| {
        panic!("{rule}|{error_key} has no folder in workloads/content/tree/external/rules")
    })
}

fn details_of(finding: &Finding) -> Value {
    serde_json::from_str(finding.details.get()).unwrap()
}

#[test]
fn every_key_has_content_and_every_content_a_rule() {
    let engine = ccx_builtin_rules::engine();
    let selectors = engine.rules().flat_map(|meta| {
        let rule = meta.rule.clone();
        meta.error_keys.iter().map(move |error_key| format!("{rule}|{error_key}"))
    });
    // Workload checks are not rules of the engine; their content is tested below.
    let is_of_rule = |content: &&Content| !content.selector.rule.as_str().contains(".dvo.");
    let contents =
        ContentTree::builtin().contents().filter(is_of_rule).map(|content| content.selector.to_string());
    let (selectors, contents): (BTreeSet<_>, BTreeSet<_>) = (selectors.collect(), contents.collect());
    let without_content: Vec<_> = selectors.difference(&contents).collect();
    assert!(
        without_content.is_empty(),
        "no folder in workloads/content/tree/external/rules: {without_content:?}"
    );
    let without_rule: Vec<_> = contents.difference(&selectors).collect();
    assert!(without_rule.is_empty(), "content without a rule in workloads/builtin-rules: {without_rule:?}");
}

#[test]
fn every_workload_check_has_content_and_every_content_a_check() {
    let is_of_check = |content: &&Content| content.selector.rule.as_str().contains(".dvo.");
    let contents: BTreeSet<String> = ContentTree::builtin()
        .contents()
        .filter(is_of_check)
        .map(|content| content.selector.to_string())
        .collect();
    let names: Vec<String> = contents.iter().map(|selector| name_of_check(selector)).collect();
    let checks = WorkloadChecks::select(&names, &[]).unwrap();
    let selectors = checks.names().map(|(rule, error_key)| format!("{rule}|{error_key}"));
    assert_eq!(selectors.collect::<BTreeSet<_>>(), contents);
}

/// Returns the name of a check in the configuration: the last part of its module, with hyphens.
fn name_of_check(selector: &str) -> String {
    let module = selector.split('|').next().unwrap();
    module.rsplit('.').next().unwrap().replace('_', "-")
}

#[test]
fn every_text_can_be_rendered_with_the_details_of_its_rule() {
    let mut problems = BTreeSet::new();
    for finding in findings() {
        let found = lint_details(content_of(&finding), &details_of(&finding));
        problems.extend(found.iter().map(ToString::to_string));
    }
    assert_eq!(problems, BTreeSet::new());
}

#[test]
fn templates_read_only_details_that_their_rule_gives() {
    let mut provided: BTreeMap<String, (&Content, BTreeSet<String>)> = BTreeMap::new();
    for finding in findings() {
        let content = content_of(&finding);
        let (_, keys) =
            provided.entry(content.selector.to_string()).or_insert_with(|| (content, BTreeSet::new()));
        keys.extend(details_of(&finding).as_object().unwrap().keys().cloned());
    }
    let problems = provided.values().flat_map(|(content, keys)| lint_keys(content, keys));
    assert_eq!(problems.map(|problem| problem.to_string()).collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn findings_carry_the_tags_of_their_content() {
    for finding in findings() {
        assert_eq!(finding.tags, content_of(&finding).tags, "{}", finding.error_key);
    }
}

#[test]
fn clients_can_read_the_details_of_every_finding() {
    for mut report in examples().into_values().map(|example| run(&example.hit)) {
        assert_eq!(report.faults, []);
        for hit in &mut report.hits {
            assert_eq!(hit.adapt(Kind::Hit).unwrap(), Vec::<&str>::new(), "{}", hit.error_key);
        }
    }
}

#[test]
fn clients_know_every_severity() {
    for content in ContentTree::builtin().contents() {
        assert!((1..=4).contains(&content.total_risk()), "{}: {}", content.selector, content.total_risk());
    }
}

#[test]
fn clients_can_read_the_details_of_every_workload_check() {
    let is_of_check = |content: &&Content| content.selector.rule.as_str().contains(".dvo.");
    let names = ContentTree::builtin()
        .contents()
        .filter(is_of_check)
        .map(|content| name_of_check(&content.selector.to_string()));
    let names: Vec<String> = names.collect();
    let checks = WorkloadChecks::select(&names, &[]).unwrap();
    let failed =
        |name: &String| format!("deployment_validation_operator_{}{{uid=\"u\"}} 1\n", name.replace('-', "_"));
    let metrics: String = names.iter().map(failed).collect();
    let archive = archive(&[("config/dvo_metrics".to_owned(), Value::String(metrics))].into());
    let report = Report { workloads: checks.run(&archive), ..Report::default() };
    let message: Value = serde_json::from_str(report.workloads_to_json().unwrap().get()).unwrap();
    let recommendations = message["workload_recommendations"].as_array().unwrap();
    assert_eq!(recommendations.len(), names.len());
    for details in recommendations.iter().map(|recommendation| &recommendation["details"]) {
        let fields: Vec<&str> = details.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(fields, ["check_name", "check_url", "samples"]);
    }
}
