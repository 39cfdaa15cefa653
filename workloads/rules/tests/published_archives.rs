//! The rules on archives that others publish: what they must find was worked out by an independent reading of the conditions.
//!
//! The archives are read where they are (`CCX_REFERENCE`, or `../shared/reference` beside the checkout) and not copied here;
//! without them these tests have nothing to say and pass.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use ccx_archive::{Archive, Limits};
use ccx_rules::{Engine, Report};

fn reference() -> Option<PathBuf> {
    let beside_checkout = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference");
    let folder = std::env::var_os("CCX_REFERENCE").map_or_else(beside_checkout, PathBuf::from).join("archives");
    let found = folder.is_dir().then_some(folder);
    if found.is_none() {
        eprintln!("skipped: no published archives here; set CCX_REFERENCE to the folder that has `archives`");
    }
    found
}

fn run(archive: Vec<u8>) -> Report {
    let archive = Archive::read(archive.into(), &Limits::default()).unwrap();
    let report = Engine::builtin().run(&archive, None);
    assert_eq!(report.faults, []);
    let again = Engine::builtin().run(&archive, None);
    assert_eq!(report.to_json().get(), again.to_json().get());
    report
}

fn keys(report: &Report) -> Vec<&str> {
    report.hits.iter().map(|hit| hit.error_key.as_str()).collect()
}

fn version(report: &Report) -> &str {
    report.info[0].details.get()
}

#[test]
fn the_sample_of_the_insights_operator() {
    let Some(reference) = reference() else { return };
    let mut tar = tar::Builder::new(Vec::new());
    tar.append_dir_all("", reference.join("insights-archive-sample")).unwrap();
    let report = run(tar.into_inner().unwrap());
    let expected = [
        "CLUSTER_OPERATOR_DEGRADED",
        "CRITICAL_ALERT_FIRING",
        "KCM_GARBAGE_COLLECTOR_RESYNC",
        "MACHINE_API_WARNING_EVENTS",
        "PLATFORM_OPERATOR_PANIC",
        "VSPHERE_OLD_HARDWARE_VERSION",
    ];
    assert_eq!(keys(&report), expected);
    assert_eq!(report.info.len(), 1, "{:?}", report.info);
    assert_eq!(report.skips, []);
}

#[test]
fn a_release_candidate_with_rapid_recommendations() {
    let Some(reference) = reference() else { return };
    let report = run(fs::read(reference.join("ccx-messaging/rapid-recommendations.tar.gz")).unwrap());
    assert_eq!(keys(&report), ["CLUSTER_VERSION_FAILING", "MACHINE_API_WARNING_EVENTS"]);
    assert!(version(&report).contains(r#""version":"4.17."#), "{}", version(&report));
}
