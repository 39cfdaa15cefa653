//! Locations of the rules' data in the archives of each supported release of the Insights operator.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::collections::BTreeSet;

use ccx_rules::{Report, documents::MinorVersion};
use examples::{Files, examples, run};
use serde_json::Value;

mod examples;

/// Oldest and newest release whose archives the rules support.
const OLDEST: MinorVersion = MinorVersion::new(4, 12);
const NEWEST: MinorVersion = MinorVersion::new(4, 21);

/// Rules on data that no release up to [`NEWEST`] records yet.
const FUTURE: [&str; 1] = ["STATIC_POD_REVISIONS_PILE_UP"];

fn has_hit(report: &Report, key: &str) -> bool {
    report.hits.iter().any(|hit| hit.error_key.as_str() == key)
}

/// Returns the examples with the problem in logs, by error key.
fn log_examples() -> Vec<(String, Files)> {
    let has_log = |files: &Files| files.keys().any(|path| path.contains("/logs/"));
    let examples = examples().into_iter().map(|(key, example)| (key, example.hit));
    examples.filter(|(_, files)| has_log(files)).collect()
}

/// Moves each log to the path that `place` returns.
fn with_logs_at(files: &Files, place: impl Fn(&str, &str) -> String) -> Files {
    let moved = files.iter().map(|(path, content)| match pod_of(path) {
        Some((namespace, pod)) => (place(namespace, pod), with_timestamps(content)),
        None => (path.clone(), content.clone()),
    });
    moved.collect()
}

/// Returns the namespace and the pod of `config/pod/<namespace>/logs/<pod>/<file>`.
fn pod_of(path: &str) -> Option<(&str, &str)> {
    let rest = path.strip_prefix("config/pod/")?;
    let (namespace, rest) = rest.split_once("/logs/")?;
    Some((namespace, rest.split_once('/')?.0))
}

/// Returns the lines of a log with timestamps, as the API server adds them.
fn with_timestamps(content: &Value) -> Value {
    let lines = content.as_str().unwrap().lines();
    let lines: Vec<String> = lines.map(|line| format!("2026-01-15T11:40:01.123456789Z {line}")).collect();
    lines.join("\n").into()
}

#[test]
fn logs_are_found_where_each_release_records_them() {
    let examples = log_examples();
    assert!(examples.len() >= 4, "{examples:?}");
    for (key, files) in examples {
        let places: [fn(&str, &str) -> String; 5] = [
            |namespace, pod| format!("namespaces/{namespace}/pods/{pod}/main/current.log"),
            |namespace, pod| format!("namespaces/{namespace}/pods/{pod}/main/previous.log"),
            |namespace, pod| format!("config/pod/{namespace}/logs/{pod}/main_current.log"),
            |namespace, pod| {
                format!(
                    "conditional/namespaces/{namespace}/pods/{pod}/containers/main/logs/last-50-lines.log"
                )
            },
            |namespace, pod| {
                let pod = format!("conditional/namespaces/{namespace}/pods/{pod}");
                format!("{pod}/containers/main/logs-previous/last-20-lines.log")
            },
        ];
        for place in places {
            let moved = with_logs_at(&files, place);
            assert_ne!(moved, files, "{key}");
            assert!(has_hit(&run(&moved), &key), "{key}: {:?}", moved.keys());
        }
    }
}

#[test]
fn loki_stacks_are_found_in_any_namespace_of_the_platform() {
    let key = "LOKISTACK_NOT_READY";
    let stack = examples().remove(key).unwrap().hit.into_values().next().unwrap();
    for path in [
        "namespace/openshift-logging/loki.grafana.com/lokistacks/logging-loki.json",
        "namespace/openshift-netobserv-loki/loki.grafana.com/lokistacks/flows.json",
        "namespaces/openshift-logging/loki.grafana.com/lokistacks/logging-loki.json",
    ] {
        assert!(has_hit(&run(&[(path.to_owned(), stack.clone())].into()), key), "{path}");
    }
}

#[test]
fn ceph_clusters_are_found_in_the_older_place_too() {
    let status = serde_json::json!({"phase": "Failure", "ceph": {"health": "HEALTH_ERR"}});
    for (path, is_hit) in [
        ("config/storage/openshift-storage/cephclusters/ocs.json", true),
        ("config/storage/openshift-storage/ocs-storagecluster-cephcluster.json", true),
        ("config/storage/storageclasses/ocs.json", false),
    ] {
        let report = run(&[(path.to_owned(), status.clone())].into());
        assert_eq!(has_hit(&report, "STORAGE_CLUSTER_NOT_READY"), is_hit, "{path}");
    }
}

#[test]
fn install_config_of_4_12_is_read_out_of_its_config_map() {
    let key = "CONTROL_PLANE_NODE_REPLICAS";
    let mut files = examples().remove(key).unwrap().hit;
    let yaml = files.remove("config/configmaps/kube-system/cluster-config-v1/install-config").unwrap();
    let config_map = serde_json::json!({"data": {"install-config": yaml}});
    assert!(!has_hit(&run(&files), key));
    files.insert("config/configmaps/kube-system/cluster-config-v1.json".to_owned(), config_map);
    assert!(has_hit(&run(&files), key));
}

#[test]
fn every_rule_has_its_data_in_the_newest_release_but_those_of_future_data() {
    let engine = ccx_builtin_rules::engine();
    let without_data = engine.rules().filter(|meta| !meta.versions().contains(NEWEST));
    let without_data: BTreeSet<&str> = without_data.map(|meta| meta.error_keys[0].as_str()).collect();
    assert_eq!(without_data, BTreeSet::from(FUTURE));
    assert!(engine.rules().all(|meta| meta.versions().until.is_none()));
}

#[test]
fn every_location_is_one_of_a_supported_release_or_newer() {
    for meta in ccx_builtin_rules::rules().iter().map(|rule| rule.meta()) {
        for (glob, versions) in meta.inputs().flat_map(ccx_rules::Input::locations) {
            assert!(versions.until.is_none_or(|until| until >= OLDEST), "{}: {glob}", meta.rule);
            let is_ordered = versions.since.zip(versions.until).is_none_or(|(since, until)| since <= until);
            assert!(is_ordered, "{}: {glob}", meta.rule);
        }
    }
}
