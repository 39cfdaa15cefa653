//! The archives that are sent through.

use std::path::Path;

use ccx_config::ArchiveLimits;
use ccx_messages::ClusterId;
use ccx_sample_archive::{Fault, SampleArchive};
use ccx_service::error_chain;
use chrono::Utc;

use super::{LocalArgs, Progress};
use crate::{
    archive_file::ArchiveFile,
    commands::upload::read,
    upload::{Sender, Uploaded, Uploader},
};

/// The sample clusters: what each is called, its id, which is always the same so that it is known again, and what is wrong with it.
const SAMPLES: [(&str, &str, &[Fault]); 3] = [
    (
        "a worker is lost",
        "00000000-0000-4000-8000-000000000001",
        &[Fault::NodeNotReady, Fault::MachineApiWarningEvents],
    ),
    (
        "an update is stuck",
        "00000000-0000-4000-8000-000000000002",
        &[Fault::ClusterOperatorDegraded, Fault::MachineConfigPoolDegraded, Fault::CriticalAlertFiring],
    ),
    (
        "the disks are slow",
        "00000000-0000-4000-8000-000000000003",
        &[Fault::EtcdSlowDisk, Fault::PlatformOperatorPanic],
    ),
];

/// An archive on its way, or why it did not get that far.
pub(super) struct Submission {
    /// Its name as given.
    pub(super) archive: String,
    /// Where it went.
    pub(super) state: Result<Submitted, String>,
}

/// An archive that has been announced.
pub(super) struct Submitted {
    pub(super) upload: Uploaded,
    /// Whose report to wait for; `None` when not even an id could be made up.
    pub(super) cluster_id: Option<ClusterId>,
}

/// Reads or makes the archives, and uploads each.
pub(super) async fn submit(
    args: &LocalArgs,
    limits: &ArchiveLimits,
    uploader: &Uploader,
    progress: &Progress,
) -> Vec<Submission> {
    let mut submissions = Vec::new();
    if args.archives.is_empty() {
        for archive in samples(limits).await {
            submissions.push(upload(args, archive, uploader, progress).await);
        }
    }
    for path in &args.archives {
        submissions.push(submit_file(args, path, limits, uploader, progress).await);
    }
    submissions
}

async fn samples(limits: &ArchiveLimits) -> Vec<ArchiveFile> {
    let limits = limits.clone();
    let making = tokio::task::spawn_blocking(move || {
        SAMPLES.iter().filter_map(|sample| make(sample, &limits)).collect()
    });
    making.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

fn make(&(name, cluster_id, faults): &(&str, &str, &[Fault]), limits: &ArchiveLimits) -> Option<ArchiveFile> {
    let cluster_id: ClusterId = cluster_id.parse().ok()?;
    let sample = SampleArchive {
        faults: faults.to_vec(),
        gathered_at: Utc::now(),
        ..SampleArchive::small(cluster_id)
    };
    Some(ArchiveFile::new(format!("sample: {name}"), sample.to_tar_gz().into(), limits))
}

async fn submit_file(
    args: &LocalArgs,
    path: &Path,
    limits: &ArchiveLimits,
    uploader: &Uploader,
    progress: &Progress,
) -> Submission {
    match read(path, limits).await {
        Ok(archive) => upload(args, archive, uploader, progress).await,
        Err(error) => Submission { archive: path.display().to_string(), state: Err(error_chain(&error)) },
    }
}

async fn upload(
    args: &LocalArgs,
    archive: ArchiveFile,
    uploader: &Uploader,
    progress: &Progress,
) -> Submission {
    let cluster_id = archive.cluster_id.or_else(|| {
        let made_up = archive.made_up_cluster_id();
        if let Some(id) = made_up {
            progress
                .note(&format!("{}: no cluster id in it; cluster {id} is taken as its sender", archive.name));
        }
        made_up
    });
    let gathered_at = args.gathered_at.or(archive.gathered_at);
    let sender = Sender { org_id: args.org, account_number: None, cluster_id, gathered_at };
    let announced = uploader.upload(&archive, sender).await;
    let state = announced.map(|upload| Submitted { upload, cluster_id }).map_err(|error| error_chain(&error));
    Submission { archive: archive.name, state }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_is_made_and_knows_its_cluster() {
        for sample in &SAMPLES {
            let archive = make(sample, &ArchiveLimits::default()).unwrap();
            assert_eq!(archive.cluster_id.unwrap().to_string(), sample.1);
        }
    }
}
