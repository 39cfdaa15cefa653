//! Gathering rules: the built-in ones, those of a directory, and faults.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;

fn configuration(version: &str) -> Value {
    json!({
        "version": version,
        "conditional_gathering_rules": [{
            "conditions": [{ "type": "alert_is_firing", "alert": { "name": "KubePodNotReady" } }],
            "gathering_functions": { "containers_logs": { "alert_name": "KubePodNotReady", "tail_lines": 1 } },
        }],
        "container_logs": [{ "namespace": "openshift-etcd", "pod_name_regex": ".*", "messages": ["wal: .*"] }],
    })
}

fn write(directory: &Path, file: &str, content: &Value) {
    let path = directory.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content.to_string()).unwrap();
}

/// Writes a channel with configurations from 4.0.0 and from 4.17.0-0 on.
fn write_channel(directory: &Path, version: &str) {
    let rules = configuration("1")["conditional_gathering_rules"].clone();
    write(directory, "v1/rules.json", &json!({ "version": version, "rules": rules }));
    let mapping = json!([["4.0.0", "old.json"], ["4.17.0-0", "new.json"]]);
    write(directory, "v2/cluster_version_mapping.json", &mapping);
    write(directory, "v2/remote_configurations/old.json", &configuration(&format!("{version}-old")));
    write(directory, "v2/remote_configurations/new.json", &configuration(&format!("{version}-new")));
}

fn directory() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    write_channel(directory.path(), "1");
    directory
}

fn agent(cluster: &str) -> HeaderMap {
    let text = format!("insights-operator/4.17 cluster/{cluster}");
    [(header::USER_AGENT, text.parse().unwrap())].into_iter().collect()
}

fn version_for(rules: &GatheringRules, release: &str) -> Result<String, VersionError> {
    let current = rules.current();
    current.remote_configuration(Channel::Stable, release).map(|found| found.version.clone())
}

#[test]
fn built_in_rules_are_valid_for_every_release() {
    let rules = GatheringRules::load(None, 0).unwrap();
    for release in ["4.0.0", "4.17.1", "4.18.0-0.nightly-2026-01-15-093000", "5.0.0-rc.1"] {
        assert_eq!(version_for(&rules, release).unwrap(), "1.0.0", "{release}");
    }
    let current = rules.current();
    let old: Value = serde_json::from_str(current.conditional_rules(Channel::Stable)).unwrap();
    assert!(!old["rules"].as_array().unwrap().is_empty());
}

#[test]
fn configuration_is_that_of_the_newest_release_up_to_the_clusters() {
    let directory = directory();
    let rules = GatheringRules::load(Some(directory.path()), 0).unwrap();
    for (release, expected) in [
        ("4.0.0", "1-old"),
        ("4.16.99", "1-old"),
        ("4.17.0-0.nightly-2026-01-15-093000", "1-new"),
        ("4.17.0-rc.1", "1-new"),
        ("4.17.0+build", "1-new"),
        ("5.1.0", "1-new"),
    ] {
        assert_eq!(version_for(&rules, release).unwrap(), expected, "{release}");
    }
    assert!(matches!(version_for(&rules, "3.11.0"), Err(VersionError::TooOld { .. })));
    for invalid in ["", "4.17", "latest", "%s", "04.17.0"] {
        assert!(matches!(version_for(&rules, invalid), Err(VersionError::Invalid { .. })), "{invalid}");
    }
}

#[test]
fn clusters_are_divided_into_channels_and_stay_there() {
    let directory = tempfile::tempdir().unwrap();
    write_channel(&directory.path().join("stable"), "1");
    write_channel(&directory.path().join("canary"), "2");
    let clusters: Vec<HeaderMap> = (0..400).map(|number| agent(&format!("cluster-{number}"))).collect();
    let canaries = |percent: u8| {
        let rules = GatheringRules::load(Some(directory.path()), percent).unwrap();
        clusters.iter().filter(|headers| rules.channel(headers) == Channel::Canary).count()
    };
    assert_eq!((canaries(0), canaries(100)), (0, 400));
    assert!((60..=140).contains(&canaries(25)), "{}", canaries(25));
    let rules = GatheringRules::load(Some(directory.path()), 100).unwrap();
    assert_eq!(rules.channel(&HeaderMap::new()), Channel::Stable, "without a cluster");
    let current = rules.current();
    assert_eq!(current.remote_configuration(Channel::Canary, "4.17.1").unwrap().version, "2-new");
}

#[test]
fn every_fault_that_the_insights_operator_refuses_is_refused_at_loading() {
    let changes: [(&str, Value); 14] = [
        ("/conditional_gathering_rules", json!([])),
        ("/conditional_gathering_rules/0/unknown", json!(1)),
        ("/conditional_gathering_rules/0/gathering_functions", json!({})),
        ("/conditional_gathering_rules/0/gathering_functions/other", json!({})),
        ("/conditional_gathering_rules/0/gathering_functions/containers_logs/tail_lines", json!(0)),
        ("/conditional_gathering_rules/0/gathering_functions/containers_logs/tail_lines", json!(4097)),
        ("/conditional_gathering_rules/0/gathering_functions/containers_logs/namespace", json!("default")),
        ("/conditional_gathering_rules/0/conditions/0/type", json!("other")),
        ("/conditional_gathering_rules/0/conditions/0/alert", Value::Null),
        ("/conditional_gathering_rules/0/conditions/0/alert/name", json!("a b")),
        ("/container_logs/0/namespace", json!("default")),
        ("/container_logs/0/pod_name_regex", json!("(")),
        ("/container_logs", Value::Null),
        ("/unknown", json!(1)),
    ];
    for (pointer, value) in changes {
        let directory = directory();
        let mut faulty = configuration("1");
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        faulty.pointer_mut(parent).unwrap()[name] = value;
        write(directory.path(), "v2/remote_configurations/new.json", &faulty);
        let error = GatheringRules::load(Some(directory.path()), 0).unwrap_err();
        assert!(error_chain(&error).contains("new.json"), "{pointer}: {}", error_chain(&error));
    }
}

#[test]
fn mapping_that_is_empty_unsorted_or_leads_elsewhere_is_refused() {
    for mapping in [
        json!([]),
        json!([["4.17.0", "new.json"], ["4.0.0", "old.json"]]),
        json!([["4.17.0", "new.json"], ["4.17.0", "old.json"]]),
        json!([["4.17", "new.json"]]),
        json!([["4.17.0"]]),
        json!([["4.17.0", "missing.json"]]),
        json!([["4.17.0", "../../v1/rules.json"]]),
        json!([["4.17.0", "/etc/passwd"]]),
    ] {
        let directory = directory();
        write(directory.path(), "v2/cluster_version_mapping.json", &mapping);
        assert!(GatheringRules::load(Some(directory.path()), 0).is_err(), "{mapping}");
    }
}

#[test]
fn changed_directory_is_read_again_and_a_broken_one_keeps_the_previous_rules() {
    let directory = directory();
    let rules = GatheringRules::load(Some(directory.path()), 0).unwrap();
    write(directory.path(), "v2/remote_configurations/new.json", &configuration("2"));
    rules.reload();
    assert_eq!(rules.version(), "2");
    write(directory.path(), "v2/remote_configurations/new.json", &json!({}));
    rules.reload();
    assert_eq!(rules.version(), "2");
}

/// The schemas that the insights operator checks the rules with, if this machine has them.
#[test]
#[ignore = "needs published samples"]
fn built_in_rules_are_valid_by_the_published_schemas() {
    let reference = std::env::var("CCX_REFERENCE").unwrap_or_else(|_| "../../../shared/reference".into());
    let folder = Path::new(&reference).join("schemas/insights-operator-conditional");
    let schema = |name: &str| -> Value {
        serde_json::from_str(&fs::read_to_string(folder.join(name)).unwrap()).unwrap()
    };
    let current = GatheringRules::load(None, 0).unwrap().current();
    let configuration = current.remote_configuration(Channel::Stable, "4.17.0").unwrap();
    let configuration: Value = serde_json::from_str(&configuration.json).unwrap();
    for (rules, rule_schema) in [
        (&configuration["conditional_gathering_rules"], "gathering_rule.schema.json"),
        (&configuration["container_logs"], "container_log.schema.json"),
    ] {
        let validator = jsonschema::validator_for(&schema(rule_schema)).unwrap();
        for rule in rules.as_array().unwrap() {
            validator.validate(rule).unwrap();
        }
    }
}
