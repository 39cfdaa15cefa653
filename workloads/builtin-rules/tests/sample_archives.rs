//! Faults in the archives of `ccx sample-archive`: the rules find exactly the requested ones.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::collections::BTreeSet;

use ccx_archive::{Archive, Limits};
use ccx_messages::ClusterId;
use ccx_rules::Report;
use ccx_sample_archive::{Fault, SampleArchive};

fn run(faults: Vec<Fault>) -> Report {
    let sample = SampleArchive { faults, ..SampleArchive::small(ClusterId::random()) };
    let archive = Archive::read(sample.to_tar_gz().into(), &Limits::default()).unwrap();
    ccx_builtin_rules::engine().run(&archive, Some(sample.gathered_at))
}

fn keys(report: &Report) -> BTreeSet<&str> {
    report.hits.iter().map(|hit| hit.error_key.as_str()).collect()
}

#[test]
fn healthy_cluster_has_no_hits() {
    let report = run(Vec::new());
    assert_eq!(keys(&report), BTreeSet::new());
    assert_eq!(report.faults, []);
    assert!(report.info[0].details.get().contains(r#""version":"4.22.3""#));
}

#[test]
fn healthy_cluster_has_no_hits_in_years_either() {
    let sample = SampleArchive::small(ClusterId::random());
    let sample = SampleArchive { gathered_at: "2046-01-15T12:00:00Z".parse().unwrap(), ..sample };
    let archive = Archive::read(sample.to_tar_gz().into(), &Limits::default()).unwrap();
    let report = ccx_builtin_rules::engine().run(&archive, Some(sample.gathered_at));
    assert_eq!(
        keys(&report),
        BTreeSet::new(),
        "if the support of the sample's version has an end now, give it a newer one"
    );
}

#[test]
fn every_fault_is_found_and_nothing_else() {
    for &fault in Fault::ALL {
        let report = run(vec![fault]);
        assert_eq!(keys(&report), BTreeSet::from([fault.error_key()]), "{fault}");
    }
}

#[test]
fn all_faults_are_found_together() {
    let report = run(Fault::ALL.to_vec());
    assert_eq!(keys(&report), Fault::ALL.iter().map(Fault::error_key).collect());
}
