//! The sample messages that the peers publish parse, or fail, as they should.
//!
//! They are read where they are (`CCX_REFERENCE`, or `../shared/reference` beside the checkout) and not copied here. What
//! they prove is proven by test vectors of this crate in the unit tests too.

#![allow(clippy::unwrap_used, reason = "a test that can't read its samples should stop")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use ccx_messages::{Announce, AnnounceError, Results};

fn reference() -> PathBuf {
    ccx_test_support::needs::published_samples("messages")
}

/// Every JSON file of `folder`, by name.
fn json_files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| (path.display().to_string(), fs::read(&path).unwrap()))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no JSON files in {}", folder.display());
    files
}

#[test]
#[ignore = "needs published samples"]
fn published_announcements_are_parsed() {
    let reference = reference();
    let sample = |name: &str| {
        Announce::parse(&fs::read(reference.join("platform.upload.announce").join(name)).unwrap())
    };
    assert_eq!(sample("correct.json").unwrap().identity.org_id.get(), 123_456);
    // Their identities end in a trailing comma, which is not JSON; the first field that is missing is reported first.
    assert!(matches!(sample("no_account.json"), Err(AnnounceError::Identity { .. })));
    assert!(matches!(sample("no_identity.json"), Err(AnnounceError::Schema { .. })));
    let error = sample("no_url.json").unwrap_err();
    assert!(matches!(error, AnnounceError::Schema { .. }));
    assert_eq!(error.request_id(), Some("1234567890abcdef1234567890abcdef"));
}

#[test]
#[ignore = "needs published samples"]
fn results_that_are_stored() {
    let reference = reference();
    for kind in [
        "normal",
        "normal_no_version",
        "normal_wrong_version",
        "normal_for_notification_tests",
        "benchmarks-sample",
        "results_tutorial",
        "results_no_tutorial",
        "invalid_no_account_number",
        "invalid_no_version",
    ] {
        for (name, json) in json_files(&reference.join("ccx.ocp.results").join(kind)) {
            let results = Results::parse(&json);
            assert!(results.is_ok(), "{name}: {}", results.unwrap_err());
        }
    }
}

#[test]
#[ignore = "needs published samples"]
fn results_that_are_refused() {
    let reference = reference();
    for (kind, reason) in [
        ("invalid", "failed to parse the results message"),
        ("invalid_string_version", "failed to parse the results message"),
        ("invalid_wrong_org_id", "failed to parse the results message"),
        ("invalid_no_cluster_name", "missing required attribute 'ClusterName'"),
        ("invalid_no_organization_id", "missing required attribute 'OrgID'"),
        ("invalid_no_report", "missing required attribute 'Report'"),
        ("invalid_no_last_checked", "missing required attribute 'LastChecked'"),
        ("invalid_wrong_cluster_name", "cluster name is not a UUID"),
        ("invalid_wrong_last_checked", "failed to read 'LastChecked'"),
    ] {
        for (name, json) in json_files(&reference.join("ccx.ocp.results").join(kind)) {
            let error = Results::parse(&json).err().map(|error| error.to_string());
            assert_eq!(error.as_deref(), Some(reason), "{name}");
        }
    }
}
