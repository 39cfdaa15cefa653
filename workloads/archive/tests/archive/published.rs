//! The archives that the peers publish are read.
//!
//! They are read where they are (`CCX_REFERENCE`, or `../shared/reference` beside the checkout) and not copied here. The
//! other tests cover the same with generated archives.

use std::{fs, path::PathBuf};

use ccx_archive::{Archive, ArchiveKind};

use crate::pack::{gzip, paths, read};

fn reference() -> PathBuf {
    ccx_test_support::needs::published_samples("archives")
}

fn published(name: &str) -> Archive {
    let bytes = fs::read(reference().join("ccx-messaging").join(name)).unwrap();
    read(bytes).unwrap()
}

#[test]
#[ignore = "needs published samples"]
fn plain_tar_with_id_is_read() {
    let archive = published("ocp_with_id.tar");
    assert_eq!(paths(&archive), ["config/id"]);
    assert!(archive.cluster_id().is_some());
    assert_eq!(archive.kind(), ArchiveKind::Ocp);
}

#[test]
#[ignore = "needs published samples"]
fn plain_tar_without_id_has_no_cluster() {
    let archive = published("correct_data.tar");
    assert_eq!(paths(&archive), ["config/workload_info.json"]);
    assert_eq!(archive.cluster_id(), None);
}

#[test]
#[ignore = "needs published samples"]
fn archive_of_something_else_has_no_cluster() {
    let archive = published("wrong_data.tar");
    assert_eq!(paths(&archive), ["data/config/workload_info.json"]);
    assert_eq!(archive.cluster_id(), None);
}

#[test]
#[ignore = "needs published samples"]
fn archive_of_the_operator_is_read() {
    let archive = published("rapid-recommendations.tar.gz");
    assert_eq!(archive.files().len(), 187);
    assert!(archive.file("insights-operator/remote-configuration.json").is_some());
    assert_eq!(archive.skipped(), ccx_archive::Skipped::default());
}

#[test]
#[ignore = "needs published samples"]
fn sample_of_the_operator_is_read() {
    let reference = reference();
    let mut builder = tar::Builder::new(Vec::new());
    builder.append_dir_all("", reference.join("insights-archive-sample")).unwrap();
    let archive = read(gzip(&builder.into_inner().unwrap())).unwrap();
    assert_eq!(archive.files().len(), 224);
    assert_eq!(archive.kind(), ArchiveKind::HyperShift);
    assert_eq!(archive.skipped(), ccx_archive::Skipped::default());
    assert!(archive.cluster_id().is_some());
}
