//! Archives and their upload.

use std::fs;

use ccx_messages::ClusterId;
use ccx_sample_archive::{Fault, SampleArchive};

use crate::TestEnv;

/// Returns the archive of a cluster with these faults.
pub fn cluster_with(cluster_id: ClusterId, faults: &[Fault]) -> Vec<u8> {
    let mut sample = SampleArchive::small(cluster_id);
    sample.faults = faults.to_vec();
    sample.to_tar_gz()
}

/// The gathering time of all samples, so that reports of two runs are equal.
const GATHERED_AT: &str = "2026-01-15T12:00:00Z";

/// Uploads archives for an organisation by `ccx upload`, in this order.
pub fn upload(env: &TestEnv, org_id: u32, archives: &[Vec<u8>]) {
    let folder = env.folder();
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
    env.run(&arguments);
}
