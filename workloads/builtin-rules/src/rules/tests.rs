//! Properties of all built-in rules.

use ccx_messages::{ClusterId, OrgId, Results, ResultsMessage, Timestamp};
use ccx_rules::{Report, testing};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn run(files: &[(&str, Value)]) -> Report {
    testing::run(rules(), files)
}

/// Returns the files of a cluster with many problems.
fn cluster_with_problems() -> Vec<(&'static str, Value)> {
    let condition = |r#type: &str, status: &str| {
        json!({"type": r#type, "status": status, "reason": "R", "message": "M",
        "lastTransitionTime": "2026-01-15T11:00:00Z"})
    };
    let container = json!({"name": "c", "restartCount": 99, "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": {"reason": "Error", "exitCode": 1}}});
    vec![
        (
            "config/version.json",
            json!({"status": {"desired": {"version": "4.18.9"}, "history": [{"state": "Completed", "version": "4.18.8"}],
                "conditions": [condition("Failing", "True")]}}),
        ),
        (
            "config/clusteroperator/dns.json",
            json!({"metadata": {"name": "dns"}, "status": {"conditions": [condition("Degraded", "True")],
                "versions": [{"name": "operator", "version": "4.18.9"}]}}),
        ),
        (
            "config/node/n.json",
            json!({"metadata": {"name": "n", "labels": {"node-role.kubernetes.io/master": ""}},
                "status": {"capacity": {"cpu": "2", "memory": "8Gi"}, "conditions": [condition("Ready", "Unknown")]}}),
        ),
        (
            "config/machineconfigpools/worker.json",
            json!({"metadata": {"name": "worker"},
                "status": {"machineCount": 2, "degradedMachineCount": 1, "conditions": [condition("Degraded", "True")]}}),
        ),
        (
            "config/pod/openshift-x/p.json",
            json!({"metadata": {"name": "p", "namespace": "openshift-x"},
                "status": {"containerStatuses": [container], "initContainerStatuses": [container]}}),
        ),
        (
            "config/alerts.json",
            json!([{"labels": {"alertname": "etcdHighFsyncDurations", "severity": "critical", "namespace": "openshift-etcd"},
                "annotations": {"summary": "S"}, "status": {"state": "active"},
                "startsAt": "2026-01-15T11:00:00Z", "updatedAt": "2026-01-15T11:59:00Z"}]),
        ),
        (
            "events/openshift-machine-api.json",
            json!({"items": [{"type": "Warning", "reason": "FailedCreate", "message": "M",
                "lastTimestamp": "2026-01-15T11:00:00Z"}]}),
        ),
        (
            "config/metrics",
            json!(
                "etcd_server_slow_apply_total{instance=\"i\"} 800 1\nvsphere_node_hw_version_total{hw_version=\"vmx-13\"} 6 1\n"
            ),
        ),
        ("config/pod/openshift-x/logs/p/errors.log", json!("E1 Observed a panic: oops\n")),
        (
            "config/pod/openshift-kube-controller-manager/logs/p/errors.log",
            json!(
                "syncing garbage collector with updated resources from discovery (attempt 1): added: [], removed: [a]\n"
            ),
        ),
    ]
}

#[test]
fn cluster_with_problems_gets_a_hit_for_each() {
    let report = run(&cluster_with_problems());
    let keys: Vec<&str> = report.hits.iter().map(|hit| hit.error_key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "CLUSTER_OPERATOR_DEGRADED",
            "CLUSTER_VERSION_FAILING",
            "CRITICAL_ALERT_FIRING",
            "ETCD_SLOW_DISK",
            "KCM_GARBAGE_COLLECTOR_RESYNC",
            "MACHINE_API_WARNING_EVENTS",
            "MACHINE_CONFIG_POOL_DEGRADED",
            "NODE_NOT_READY",
            "PLATFORM_OPERATOR_PANIC",
            "PLATFORM_POD_CRASH_LOOPING",
            "VSPHERE_OLD_HARDWARE_VERSION",
            "NODES_MINIMUM_REQUIREMENTS_NOT_MET",
        ]
    );
    assert_eq!(report.info.len(), 1);
    assert_eq!(report.faults, []);
}

#[test]
fn second_run_gives_the_same_bytes() {
    let files = cluster_with_problems();
    assert_eq!(run(&files).to_json().get(), run(&files).to_json().get());
}

#[test]
fn archive_without_data_skips_every_rule() {
    let report = run(&[]);
    assert_eq!((report.skips.len(), report.hits.len(), report.info.len()), (rules().len(), 0, 0));
}

/// Calls `visit` with the document once for every value in it replaced by each JSON type, and once without
/// each field.
fn for_each_value(root: &mut Value, path: &mut Vec<String>, visit: &mut dyn FnMut(&Value, &str)) {
    let escaped: Vec<String> = path.iter().map(|part| part.replace('~', "~0").replace('/', "~1")).collect();
    let pointer = if escaped.is_empty() { String::new() } else { format!("/{}", escaped.join("/")) };
    let original = root.pointer(&pointer).unwrap().clone();
    let others = [
        json!(null),
        json!("text"),
        json!(-7),
        json!(1e300),
        json!(true),
        json!(["list"]),
        json!({"an": {"object": []}}),
    ];
    for other in others {
        *root.pointer_mut(&pointer).unwrap() = other;
        visit(root, &pointer);
    }
    for field in original.as_object().into_iter().flat_map(|fields| fields.keys()) {
        let mut without = original.clone();
        without.as_object_mut().unwrap().remove(field);
        *root.pointer_mut(&pointer).unwrap() = without;
        visit(root, &pointer);
    }
    *root.pointer_mut(&pointer).unwrap() = original.clone();
    let parts: Vec<String> = match &original {
        Value::Object(fields) => fields.keys().cloned().collect(),
        Value::Array(items) => (0..items.len()).map(|index| index.to_string()).collect(),
        _ => Vec::new(),
    };
    for part in parts {
        path.push(part);
        for_each_value(root, path, visit);
        path.pop();
    }
}

#[test]
fn value_of_another_type_affects_only_rules_that_read_it() {
    let files = cluster_with_problems();
    for index in 0..files.len() {
        let (path, mut document) = files[index].clone();
        if document.is_string() {
            continue;
        }
        let all_but_one: Vec<_> = files.iter().filter(|(other, _)| *other != path).cloned().collect();
        let untouched: Vec<String> =
            run(&all_but_one).hits.iter().map(|hit| hit.error_key.to_string()).collect();
        for_each_value(&mut document, &mut Vec::new(), &mut |document, pointer| {
            let mut files = all_but_one.clone();
            files.push((path, document.clone()));
            let report = run(&files);
            assert_eq!(report.faults, [], "{path}{pointer}");
            for key in &untouched {
                assert!(
                    report.hits.iter().any(|hit| hit.error_key.as_str() == key),
                    "{path}{pointer}: {key}"
                );
            }
        });
    }
}

#[test]
fn broken_document_does_not_hide_valid_documents() {
    let mut files = cluster_with_problems();
    let expected = run(&files).hits.len();
    for path in [
        "config/clusteroperator/a.json",
        "config/node/a.json",
        "config/machineconfigpools/a.json",
        "config/pod/openshift-x/a.json",
    ] {
        files.push((path, json!("{\"metadata\":")));
    }
    assert_eq!(run(&files).hits.len(), expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_content_of_any_file_causes_no_fault(content in "(\\{|\\[)?[ -~\\n]{0,60}", index in 0..10_usize) {
        let mut files = cluster_with_problems();
        files[index].1 = json!(content);
        prop_assert_eq!(run(&files).faults, []);
    }
}

#[test]
fn whole_number_is_written_without_a_fraction() {
    #[derive(serde::Serialize)]
    struct Numbers(#[serde(serialize_with = "serialize_number")] f64);
    for (number, text) in [(4.0, "4"), (3.5, "3.5"), (0.1, "0.1"), (f64::NAN, "null")] {
        assert_eq!(serde_json::to_string(&Numbers(number)).unwrap(), text);
    }
}

#[test]
fn text_is_cut_between_characters() {
    assert_eq!((cut("äöü", 2), cut("äöü", 3), cut("", 1)), ("äö", "äöü", ""));
}

#[test]
fn version_information_is_read_by_the_writer() {
    let version = json!({"status": {"desired": {"version": "4.18.9"}}});
    let report = run(&[("config/version.json", version)]);
    let message = ResultsMessage {
        org_id: OrgId::new(1).unwrap(),
        account_number: None,
        cluster_id: ClusterId::random(),
        report: &report.to_json(),
        last_checked: &Timestamp::from(testing::now()),
        version: Report::VERSION,
        request_id: None,
        metadata: ccx_messages::Metadata { gathering_time: Some(testing::NOW.into()), cluster_name: None },
    };
    let json = message.to_json();
    let results = Results::parse(&json).unwrap();
    assert_eq!(results.report.cluster_version.as_deref(), Some("4.18.9"));
}

#[test]
fn every_rule_has_its_own_selector_and_reads_something() {
    let engine = crate::engine();
    let names: Vec<&str> = engine.rules().map(|meta| meta.rule.as_str()).collect();
    assert!(names.is_sorted());
    let selectors: std::collections::BTreeSet<_> =
        engine.rules().map(|meta| format!("{}|{}", meta.rule, meta.error_keys[0])).collect();
    assert_eq!(selectors.len(), names.len());
    assert!(engine.rules().all(|meta| meta.inputs().next().is_some()));
}
