//! `[archive]`

use bytesize::ByteSize;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Problem, size};

/// The memory that a pipeline takes beside the archives in flight and the largest archive: the process itself, parsed documents,
/// and the upload of the largest archive.
pub const MEMORY_MARGIN: ByteSize = ByteSize::mib(128);

/// Limits of an archive. A larger one is rejected before memory is spent on it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ArchiveLimits {
    /// Maximum size of a download.
    #[schemars(with = "String")]
    #[serde(serialize_with = "size::exact")]
    pub max_compressed: ByteSize,
    /// Maximum total size of its files.
    #[schemars(with = "String")]
    #[serde(serialize_with = "size::exact")]
    pub max_unpacked: ByteSize,
    /// Maximum number of files.
    pub max_entries: usize,
    /// Maximum length of a file's path, in bytes.
    pub max_path_bytes: usize,
}

impl Default for ArchiveLimits {
    fn default() -> Self {
        Self {
            max_compressed: ByteSize::mib(100),
            max_unpacked: ByteSize::mib(512),
            max_entries: 100_000,
            max_path_bytes: 4096,
        }
    }
}

impl ArchiveLimits {
    pub(crate) fn check(&self, problems: &mut Vec<Problem>) {
        let limits = [
            ("archive.max_compressed", self.max_compressed.as_u64()),
            ("archive.max_unpacked", self.max_unpacked.as_u64()),
            ("archive.max_entries", self.max_entries as u64),
            ("archive.max_path_bytes", self.max_path_bytes as u64),
        ];
        problems.extend(
            limits
                .iter()
                .filter(|(_, limit)| *limit == 0)
                .map(|(key, _)| Problem::new(*key, "is 0; no archive would be accepted")),
        );
    }
}
