//! Archives, and how they come in.

use std::fs;

use ccx_messages::ClusterId;
use ccx_sample_archive::{Fault, SampleArchive};

use crate::Installation;

/// The archive of a cluster with these faults.
pub fn cluster_with(cluster_id: ClusterId, faults: &[Fault]) -> Vec<u8> {
    let mut sample = SampleArchive::small(cluster_id);
    sample.faults = faults.to_vec();
    sample.to_tar_gz()
}

/// When all samples were gathered, so that reports of two runs have the same time.
const GATHERED_AT: &str = "2026-01-15T12:00:00Z";

/// Uploads archives for an organisation by `ccx upload`, in this order.
pub fn upload(installation: &Installation, org_id: u32, archives: &[Vec<u8>]) {
    let folder = installation.folder();
    let files: Vec<String> =
        (0..archives.len()).map(|n| folder.join(format!("{n:03}.tar.gz")).display().to_string()).collect();
    for (file, archive) in files.iter().zip(archives) {
        fs::write(file, archive).expect("a file in our own folder");
    }
    let org_id = org_id.to_string();
    let arguments: Vec<&str> = ["upload", "--gathered-at", GATHERED_AT, "--org", &org_id]
        .into_iter()
        .chain(files.iter().map(String::as_str))
        .collect();
    installation.run(&arguments);
}
