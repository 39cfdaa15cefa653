//! Built-in rules on published archives. The expected hits were determined by an independent evaluation of
//! the conditions.
//!
//! The archives are read in place (`CCX_REFERENCE`, or `../shared/reference` beside the checkout) and not
//! copied here.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::{collections::BTreeSet, fs, path::PathBuf};

use ccx_archive::{Archive, Limits};
use ccx_rules::{Report, Verdict};
use chrono::{DateTime, Utc};

fn reference() -> PathBuf {
    ccx_test_support::needs::published_samples("archives")
}

fn run(archive: Vec<u8>, gathered_at: Option<DateTime<Utc>>) -> Report {
    let archive = Archive::read(archive.into(), &Limits::default()).unwrap();
    let report = ccx_builtin_rules::engine().run(&archive, gathered_at);
    assert_eq!(report.faults, []);
    let again = ccx_builtin_rules::engine().run(&archive, gathered_at);
    assert_eq!(report.to_json().get(), again.to_json().get());
    report
}

fn keys(report: &Report) -> BTreeSet<&str> {
    report.hits.iter().map(|hit| hit.error_key.as_str()).collect()
}

/// Returns the error keys of the skipped rules.
fn skipped(report: &Report) -> BTreeSet<&str> {
    let skipped = report.runs.iter().filter(|run| run.verdict == Verdict::Skip);
    skipped.flat_map(|run| &run.rule.error_keys).map(ccx_messages::ErrorKey::as_str).collect()
}

fn version(report: &Report) -> &str {
    report.info[0].details.get()
}

#[test]
#[ignore = "needs published samples"]
fn published_sample_has_the_known_findings() {
    let reference = reference();
    let mut tar = tar::Builder::new(Vec::new());
    tar.append_dir_all("", reference.join("insights-archive-sample")).unwrap();
    let tar = tar.into_inner().unwrap();
    // The files come from many clusters and years. This is the time of the alerts, when the cluster's version
    // was supported.
    let gathered_at = "2022-01-05T12:00:00Z".parse().unwrap();
    let report = run(tar.clone(), Some(gathered_at));
    let expected = [
        "ALERTMANAGER_RECEIVERS_NOT_CONFIGURED",
        "CLUSTER_NOT_UPGRADEABLE",
        "CLUSTER_OPERATOR_DEGRADED",
        "CONTROL_PLANE_NODE_REPLICAS",
        "CRITICAL_ALERT_FIRING",
        "CRITICAL_ALERT_SILENCED",
        "CUSTOM_PROMETHEUS_INSTANCES",
        "ETCD_ENCRYPTION_NOT_ENABLED",
        "IMAGE_REGISTRY_EPHEMERAL_STORAGE",
        "KCM_GARBAGE_COLLECTOR_RESYNC",
        "LOGGING_ELASTICSEARCH_STACK",
        "LOKISTACK_NOT_READY",
        "MACHINE_API_WARNING_EVENTS",
        "NAMESPACES_WITH_OVERLAPPING_UIDS",
        "NODE_CONFIG_RESOURCE_FAILED",
        "NO_IDENTITY_PROVIDER",
        "NO_MACHINE_HEALTH_CHECK",
        "OPENSHIFT_SDN_REMOVED_IN_417",
        "PROMETHEUS_BACKED_BY_PVC",
        "REMOVED_API_IN_USE",
        "SDI_PRELOAD_KERNEL_MODULES_ERROR",
        "SDN_FEATURES_BLOCK_OVN_MIGRATION",
        "STATIC_POD_REVISIONS_PILE_UP",
        "UNSUPPORTED_CONFIG_OVERRIDES",
        "VSPHERE_OLD_HARDWARE_VERSION",
    ];
    assert_eq!(keys(&report), BTreeSet::from(expected));
    assert_eq!(
        skipped(&report),
        BTreeSet::from(["NODE_HAS_TAINTS_APPLIED"]),
        "custom taints are fine since 4.7"
    );
    assert_eq!(report.info.len(), 1, "{:?}", report.info);
    // Two logs are half a year older than the alerts: their lines count on the day on which they were logged.
    let report = run(tar, Some("2021-06-01T18:00:00Z".parse().unwrap()));
    let of_that_day = BTreeSet::from(["IDENTITY_PROVIDER_INVALID_USER_NAMES", "PLATFORM_OPERATOR_PANIC"]);
    assert!(keys(&report).is_superset(&of_that_day), "{:?}", keys(&report));
}

#[test]
#[ignore = "needs published samples"]
fn release_candidate_with_rapid_recommendations() {
    let reference = reference();
    let report = run(fs::read(reference.join("ccx-messaging/rapid-recommendations.tar.gz")).unwrap(), None);
    let expected = [
        "CANNOT_RETRIEVE_UPDATES",
        "ETCD_ENCRYPTION_NOT_ENABLED",
        "MACHINE_API_WARNING_EVENTS",
        "NO_IDENTITY_PROVIDER",
        "NO_MACHINE_HEALTH_CHECK",
    ];
    assert_eq!(keys(&report), BTreeSet::from(expected));
    let without_data = [
        "CMO_CONTAINER_RUN_AS_NON_ROOT",
        "CUSTOM_PROMETHEUS_INSTANCES",
        "IDENTITY_PROVIDER_INVALID_USER_NAMES",
        "IO_415_CHANGE_CONFIG_LOCATION",
        "LOGGING_ELASTICSEARCH_STACK",
        "LOKISTACK_NOT_READY",
        "NODE_CONFIG_RESOURCE_FAILED",
        "NODE_CSR_PENDING",
        "NODE_HAS_TAINTS_APPLIED",
        "PRIVILEGED_SCC_GRANTED_WIDELY",
        "PROMETHEUS_BACKED_BY_PVC",
        "REMOVED_API_IN_USE",
        "SAP_DATA_INTELLIGENCE_PERMISSIONS",
        "SDI_PRELOAD_KERNEL_MODULES_ERROR",
        "SDN_FEATURES_BLOCK_OVN_MIGRATION",
        "STATIC_POD_REVISIONS_PILE_UP",
        "STORAGE_CLUSTER_NOT_READY",
    ];
    assert_eq!(skipped(&report), BTreeSet::from(without_data));
    assert!(version(&report).contains(r#""version":"4.17."#), "{}", version(&report));
}
