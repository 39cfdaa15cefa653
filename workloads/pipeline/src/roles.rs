//! The parts of the work on an archive that this process does.

use std::io::{self, Write as _};

use ccx_archive::Archive;
use ccx_config::{Compression, Config, PipelineRole};
use ccx_messages::{Announce, ClusterId, ImagesMessage};
use ccx_rules::UnknownCheck;
use serde_json::value::RawValue;

use crate::Workloads;

/// The file with the images that a cluster runs. Clusters gather it twice a day.
const WORKLOAD_INFO: &str = "config/workload_info.json";

/// The roles that turn an archive into messages.
pub struct Roles {
    /// Whether the rules run.
    pub(crate) runs_rules: bool,
    pub(crate) workloads: Option<Workloads>,
    pub(crate) images: Option<Images>,
}

impl Roles {
    /// Returns the roles of the configuration.
    pub fn new(config: &Config) -> Result<Self, UnknownCheck> {
        let has = |role| config.pipeline.has_role(role);
        let workloads = has(PipelineRole::DvoExtractor).then(|| Workloads::new(config)).transpose()?;
        let images = has(PipelineRole::ShaExtractor)
            .then_some(Images { compression: config.sha_extractor.compression });
        Ok(Self { runs_rules: has(PipelineRole::Rules), workloads, images })
    }
}

/// The message about the images that a cluster runs.
pub(crate) struct Images {
    compression: Compression,
}

/// The file with the images is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InvalidImages;

impl Images {
    /// Returns the message about the images; `None` for an archive without them.
    pub(crate) fn message(
        &self,
        archive: &Archive,
        announce: &Announce,
        cluster_id: ClusterId,
    ) -> Result<Option<Vec<u8>>, InvalidImages> {
        let Some(file) = archive.file(WORKLOAD_INFO) else { return Ok(None) };
        let images: &RawValue = serde_json::from_slice(file).map_err(|_| InvalidImages)?;
        let message = ImagesMessage {
            org_id: announce.identity.org_id,
            account_number: announce.identity.account_number,
            cluster_id,
            images,
            last_checked: &announce.timestamp,
            version: ImagesMessage::VERSION,
            request_id: announce.request_id.as_deref(),
        };
        Ok(Some(compressed(message.to_json(), self.compression)))
    }
}

/// Compresses a message as small as possible: these messages are not urgent, and their topics have a size limit.
pub(crate) fn compressed(json: Vec<u8>, compression: Compression) -> Vec<u8> {
    match compression {
        Compression::None => json,
        Compression::Gzip => gzip(&json).unwrap_or(json),
    }
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}
