//! The archives that the peers publish are read as they should be.
//!
//! They are read where they are (`CCX_REFERENCE`, or `../shared/reference` beside the checkout) and not copied here; without
//! them these tests have nothing to say and pass. What they prove is proven by archives of our own in the other tests too.

use std::{
    fs,
    path::{Path, PathBuf},
};

use ccx_archive::{Archive, ArchiveKind};

use crate::pack::{gzip, paths, read};

/// The folder with the published archives, if it is here.
fn reference() -> Option<PathBuf> {
    let beside_checkout = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference");
    let folder =
        std::env::var_os("CCX_REFERENCE").map_or_else(beside_checkout, PathBuf::from).join("archives");
    let found = folder.is_dir().then_some(folder);
    if found.is_none() {
        eprintln!("skipped: no published archives here; set CCX_REFERENCE to the folder that has `archives`");
    }
    found
}

fn published(name: &str) -> Option<Archive> {
    let bytes = fs::read(reference()?.join("ccx-messaging").join(name)).unwrap();
    Some(read(bytes).unwrap())
}

#[test]
fn a_plain_tar_with_an_id() {
    let Some(archive) = published("ocp_with_id.tar") else { return };
    assert_eq!(paths(&archive), ["config/id"]);
    assert!(archive.cluster_id().is_some());
    assert_eq!(archive.kind(), ArchiveKind::Ocp);
}

#[test]
fn a_plain_tar_without_id() {
    let Some(archive) = published("correct_data.tar") else { return };
    assert_eq!(paths(&archive), ["config/workload_info.json"]);
    assert_eq!(archive.cluster_id(), None);
}

#[test]
fn an_archive_of_something_else() {
    let Some(archive) = published("wrong_data.tar") else { return };
    assert_eq!(paths(&archive), ["data/config/workload_info.json"]);
    assert_eq!(archive.cluster_id(), None);
}

#[test]
fn an_archive_of_the_operator() {
    let Some(archive) = published("rapid-recommendations.tar.gz") else { return };
    assert_eq!(archive.files().len(), 187);
    assert!(archive.file("insights-operator/remote-configuration.json").is_some());
    assert_eq!(archive.skipped(), ccx_archive::Skipped::default());
}

#[test]
fn the_sample_of_the_operator() {
    let Some(reference) = reference() else { return };
    let mut builder = tar::Builder::new(Vec::new());
    builder.append_dir_all("", reference.join("insights-archive-sample")).unwrap();
    let archive = read(gzip(&builder.into_inner().unwrap())).unwrap();
    assert_eq!(archive.files().len(), 224);
    assert_eq!(archive.kind(), ArchiveKind::HyperShift);
    assert_eq!(archive.skipped(), ccx_archive::Skipped::default());
    assert!(archive.cluster_id().is_some());
}
