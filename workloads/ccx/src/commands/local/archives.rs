//! The archives that are uploaded.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    path::{Path, PathBuf},
};

use ccx_config::ArchiveLimits;
use ccx_messages::ClusterId;
use ccx_sample_archive::{Fault, SampleArchive};
use ccx_service::error_chain;
use chrono::Utc;

use super::{LocalArgs, Progress, wait::Turn};
use crate::{
    archive_file::ArchiveFile,
    commands::upload::read,
    upload::{Sender, Uploaded, Uploader},
};

/// The sample clusters: name, id and faults. The ids are constant, so that a second run updates the same
/// clusters.
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

/// An archive from the command line, or a sample.
pub(super) enum Submission {
    /// It has been announced.
    Announced(Announced, Turn),
    /// It is announced when those of the same cluster before it are served.
    Deferred { path: PathBuf, turn: Turn },
    /// It can't be read or uploaded.
    Failed { archive: String, error: String },
}

/// An archive that has been announced.
pub(super) struct Announced {
    /// Its name as given.
    pub(super) archive: String,
    pub(super) upload: Uploaded,
    /// The cluster whose report to wait for; `None` if the archive has no content to derive an id from.
    pub(super) cluster_id: Option<ClusterId>,
}

/// Reads or generates archives, and uploads them.
pub(super) struct Source<'a> {
    pub(super) args: &'a LocalArgs,
    pub(super) limits: ArchiveLimits,
    pub(super) uploader: Uploader,
    pub(super) progress: &'a Progress,
}

impl Source<'_> {
    /// Announces the first archive of each cluster; returns all in the order in which they were given.
    pub(super) async fn submit(&self) -> Vec<Submission> {
        let mut turns = BTreeMap::new();
        let mut submissions = Vec::new();
        if self.args.archives.is_empty() {
            for archive in samples(&self.limits).await {
                let (name, cluster_id) = (archive.name.clone(), archive.cluster_id);
                submissions.push(match self.announce(archive, cluster_id).await {
                    Ok(announced) => Submission::Announced(announced, Turn::default()),
                    Err(error) => Submission::Failed { archive: name, error },
                });
            }
        }
        for path in &self.args.archives {
            submissions.push(self.submit_file(path, &mut turns).await);
        }
        submissions
    }

    async fn submit_file(&self, path: &Path, turns: &mut BTreeMap<ClusterId, Turn>) -> Submission {
        let (archive, cluster_id) = match self.read(path).await {
            Ok(read) => read,
            Err((archive, error)) => return Submission::Failed { archive, error },
        };
        let mut turn = Turn::default();
        if let Some(cluster_id) = cluster_id {
            match turns.entry(cluster_id) {
                Entry::Occupied(earlier) => {
                    return Submission::Deferred { path: path.to_owned(), turn: earlier.get().clone() };
                }
                Entry::Vacant(first) => turn = first.insert(turn).clone(),
            }
        }
        let name = archive.name.clone();
        match self.announce(archive, cluster_id).await {
            Ok(announced) => Submission::Announced(announced, turn),
            Err(error) => Submission::Failed { archive: name, error },
        }
    }

    /// Reads and announces an archive; an error comes with the archive's name.
    pub(super) async fn announce_file(&self, path: &Path) -> Result<Announced, (String, String)> {
        let (archive, cluster_id) = self.read(path).await?;
        let name = archive.name.clone();
        self.announce(archive, cluster_id).await.map_err(|error| (name, error))
    }

    /// Reads an archive. One without a cluster id gets one that is derived from its content.
    async fn read(&self, path: &Path) -> Result<(ArchiveFile, Option<ClusterId>), (String, String)> {
        let read = read(path, &self.limits).await;
        let archive = read.map_err(|error| (path.display().to_string(), error_chain(&error)))?;
        let cluster_id = archive.cluster_id.or_else(|| archive.made_up_cluster_id());
        Ok((archive, cluster_id))
    }

    async fn announce(
        &self,
        archive: ArchiveFile,
        cluster_id: Option<ClusterId>,
    ) -> Result<Announced, String> {
        if let (None, Some(id)) = (archive.cluster_id, cluster_id) {
            let note = format!("{}: no cluster id in it; cluster {id} is taken as its sender", archive.name);
            self.progress.note(&note);
        }
        let gathered_at = self.args.gathered_at.or(archive.gathered_at);
        let sender = Sender { org_id: self.args.org, account_number: None, cluster_id, gathered_at };
        let upload = self.uploader.upload(&archive, sender).await.map_err(|error| error_chain(&error))?;
        Ok(Announced { archive: archive.name, upload, cluster_id })
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_has_the_id_of_its_cluster() {
        for sample in &SAMPLES {
            let archive = make(sample, &ArchiveLimits::default()).unwrap();
            assert_eq!(archive.cluster_id.unwrap().to_string(), sample.1);
        }
    }
}
