//! Copies of archives, and their results as objects beside them.

use bytes::Bytes;
use ccx_config::{CannedAcl, Config, PipelineRole};
use ccx_messages::{Announce, ArchiveMessage, ArchiveMetadata, ArchiveResults, ArchiveResultsMessage};
use snafu::ResultExt as _;

use crate::{
    PipelineError,
    error::ObjectStoreSnafu,
    handle::HandleError,
    key_template::KeyTemplate,
    process::Processed,
    upload::{Target, Uploader},
};

/// The roles `archive-sync`, and `rules-uploader` beside the rules.
pub(crate) struct Copies {
    uploader: Uploader,
    template: KeyTemplate,
    /// The bucket of the copies, with the role `archive-sync`.
    archives: Option<String>,
    /// The access control list of the copies.
    acl: Option<CannedAcl>,
    /// The bucket of the results, with the role `rules-uploader`.
    results: Option<String>,
}

/// A copied archive.
pub(crate) struct Copied {
    /// The message about it, with the role `archive-sync`.
    pub(crate) message: Option<Vec<u8>>,
}

impl Copies {
    /// Returns whether the process has a role that stores objects.
    pub(crate) fn are_enabled(config: &Config) -> bool {
        [PipelineRole::ArchiveSync, PipelineRole::RulesUploader]
            .into_iter()
            .any(|role| config.pipeline.has_role(role))
    }

    /// Prepares the copies of the configuration.
    pub(crate) async fn connect(config: &Config, target: Target) -> Result<Self, PipelineError> {
        let bucket = |role, bucket: &str| config.pipeline.has_role(role).then(|| bucket.to_owned());
        let uploader = Uploader::connect(config, target).await.context(ObjectStoreSnafu)?;
        Ok(Self {
            uploader,
            template: KeyTemplate::from_config(&config.archive_sync),
            archives: bucket(PipelineRole::ArchiveSync, config.archive_sync_bucket()),
            acl: config.archive_sync.acl,
            results: bucket(PipelineRole::RulesUploader, config.rules_uploader_bucket()),
        })
    }

    /// Returns whether archives are kept until they are copied.
    pub(crate) fn keep_uploads(&self) -> bool {
        self.archives.is_some()
    }

    /// Stores an archive and its results, in place of earlier ones of the same name.
    pub(crate) async fn store(
        &self,
        upload: Bytes,
        processed: &Processed,
        announce: &Announce,
    ) -> Result<Copied, HandleError> {
        let org_id = announce.identity.org_id;
        let path = self.template.key(processed.cluster_id, org_id, &announce.timestamp);
        let metadata = || ArchiveMetadata::new(processed.cluster_id, org_id);
        let request_id = announce.request_id.as_deref();
        if let Some(bucket) = &self.archives {
            self.uploader.put(bucket, &path, upload, self.acl).await?;
        }
        if let (Some(bucket), Some(report)) = (&self.results, &processed.report_json) {
            let results = ArchiveResultsMessage { path: &path, metadata: metadata(), report, request_id };
            let key = ArchiveResults::object_key(&path);
            self.uploader.put(bucket, &key, results.to_json().into(), None).await?;
        }
        let message =
            ArchiveMessage { path: &path, original_path: &announce.url, metadata: metadata(), request_id };
        Ok(Copied { message: self.archives.is_some().then(|| message.to_json()) })
    }
}
