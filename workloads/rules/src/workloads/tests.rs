use ccx_archive::Archive;
use serde_json::json;

use super::*;
use crate::testing::archive;

fn line(check: &str, uid: &str, value: u8) -> String {
    format!(
        "deployment_validation_operator_{check}{{check_description=\"a {{b}}, \\\"c\\\"\",check_remediation=\"r\",kind=\"Deployment\",\
         namespace_uid=\"n-1\",uid=\"{uid}\"}} {value}\n"
    )
}

fn with_metrics(metrics: &str) -> Archive {
    archive(&[("config/dvo_metrics", json!(metrics))])
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

/// Each recommendation's key, and the ids of its workloads.
fn keys(checks: &WorkloadChecks, metrics: &str) -> Vec<(String, Vec<String>)> {
    let recommendations = checks.run(&with_metrics(metrics)).unwrap();
    let uids = |workloads: BTreeSet<Workload>| workloads.into_iter().map(|workload| workload.uid).collect();
    recommendations.into_iter().map(|one| (one.error_key.to_string(), uids(one.workloads))).collect()
}

#[test]
fn each_check_has_one_recommendation_with_all_its_workloads() {
    let metrics = [
        "# comment\n".to_owned(),
        line("unset_cpu_requirements", "u-2", 1),
        line("host_network", "u-3", 1),
        line("unset_cpu_requirements", "u-1", 1),
        line("unset_cpu_requirements", "u-1", 1),
    ];
    let found = keys(&WorkloadChecks::default(), &metrics.concat());
    let expected = [("DVO_HOST_NETWORK", vec!["u-3"]), ("DVO_UNSET_CPU_REQUIREMENTS", vec!["u-1", "u-2"])];
    assert_eq!(found, expected.map(|(key, uids)| (key.to_owned(), names(&uids))));
}

#[test]
fn workload_has_the_names_that_the_operator_tells() {
    let text = "deployment_validation_operator_host_pid{kind=\"DaemonSet\",name=\"d\",namespace=\"shop\",namespace_uid=\"n\",uid=\"u\"} 1";
    let recommendations = WorkloadChecks::default().run(&with_metrics(text)).unwrap();
    let workload = Workload {
        namespace: "shop".into(),
        namespace_uid: "n".into(),
        kind: "DaemonSet".into(),
        name: "d".into(),
        uid: "u".into(),
    };
    assert_eq!(recommendations[0].workloads, BTreeSet::from([workload]));
    assert_eq!(recommendations[0].check_name, "host-pid");
}

#[test]
fn workload_that_passes_is_not_reported() {
    assert_eq!(keys(&WorkloadChecks::default(), &line("host_pid", "u", 0)), []);
}

#[test]
fn checks_are_switched_on_and_off_by_name() {
    let metrics =
        [line("host_pid", "u-1", 1), line("latest_tag", "u-2", 1), line("my_own", "u-3", 1)].concat();
    let keys_with = |enabled: &[&str], disabled: &[&str]| {
        let checks = WorkloadChecks::select(&names(enabled), &names(disabled)).unwrap();
        keys(&checks, &metrics).into_iter().map(|(key, _)| key).collect::<Vec<_>>()
    };
    assert_eq!(keys_with(&[], &[]), ["DVO_HOST_PID"]);
    assert_eq!(keys_with(&["latest-tag"], &["host-pid"]), ["DVO_LATEST_TAG"]);
    assert_eq!(keys_with(&["my-own", "my-own"], &[]), ["DVO_HOST_PID", "DVO_MY_OWN"]);
    assert_eq!(keys_with(&["latest-tag"], &["latest-tag"]), ["DVO_HOST_PID"]);
}

#[test]
fn aggregate_takes_the_place_of_its_parts() {
    let parts = names(&["unset-cpu-requirements", "unset-memory-requirements"]);
    let checks = WorkloadChecks::select(&names(&["unset-requirements"]), &parts).unwrap();
    let metrics =
        [line("unset_cpu_requirements", "u-1", 1), line("unset_memory_requirements", "u-2", 1)].concat();
    assert_eq!(keys(&checks, &metrics), [("DVO_UNSET_REQUIREMENTS".to_owned(), names(&["u-1", "u-2"]))]);
}

#[test]
fn unknown_check_is_refused_with_the_known_names() {
    let error = WorkloadChecks::select(&[], &names(&["host-pids"])).err().unwrap().to_string();
    assert!(
        error.starts_with("unknown workload check \"host-pids\"; name one of host-ipc, host-network, "),
        "{error}"
    );
    assert!(WorkloadChecks::select(&names(&["Host PID"]), &[]).is_err());
}

#[test]
fn archive_without_check_results_has_no_report_and_without_failures_an_empty_one() {
    assert_eq!(WorkloadChecks::default().run(&archive(&[])), None);
    assert_eq!(WorkloadChecks::none().run(&with_metrics(&line("host_pid", "u", 1))), None);
    assert_eq!(WorkloadChecks::default().run(&with_metrics("")), Some(Vec::new()));
}

#[test]
fn workloads_beyond_the_limit_are_dropped() {
    let metrics: String =
        (0..=MAX_WORKLOADS_PER_CHECK).map(|uid| line("host_pid", &uid.to_string(), 1)).collect();
    assert_eq!(keys(&WorkloadChecks::default(), &metrics)[0].1.len(), MAX_WORKLOADS_PER_CHECK);
}

#[test]
#[ignore = "needs published samples"]
fn published_sample_has_what_its_operator_found() {
    let folder = ccx_test_support::needs::published_samples("archives/insights-archive-sample");
    let metrics = std::fs::read_to_string(folder.join("config/dvo_metrics")).unwrap();
    let all = ["dnsconfig-options", "no-anti-affinity", "no-node-affinity"];
    let found = keys(&WorkloadChecks::select(&names(&all), &[]).unwrap(), &metrics);
    let counts: Vec<(&str, usize)> = found.iter().map(|(key, uids)| (key.as_str(), uids.len())).collect();
    let expected = [
        ("DVO_DNSCONFIG_OPTIONS", 2),
        ("DVO_NO_ANTI_AFFINITY", 1),
        ("DVO_NO_NODE_AFFINITY", 2),
        ("DVO_UNSET_CPU_REQUIREMENTS", 1),
        ("DVO_UNSET_MEMORY_REQUIREMENTS", 1),
    ];
    assert_eq!(counts, expected);
}
