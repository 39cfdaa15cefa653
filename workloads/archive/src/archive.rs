//! The archive itself: the unpacked bytes and what is where in them.

use std::fmt;

use bytes::Bytes;
use ccx_messages::ClusterId;
use chrono::{DateTime, Utc};
use snafu::{OptionExt, ensure};

use crate::{
    ArchiveError, File, Format, Limits, Skipped, decompress,
    error::{CompressedTooBigSnafu, EmptySnafu, NotAnArchiveSnafu, shown_head},
    index::Index,
    untar, unzip,
};

/// The files of an archive, in memory.
pub struct Archive {
    unpacked: Bytes,
    index: Index,
}

/// What kind of cluster an archive is said to come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ArchiveKind {
    /// Without `config/infrastructure.json`.
    Ocp,
    /// With `config/infrastructure.json`: not what one would expect, but what existing dashboards count under this name.
    HyperShift,
}

impl ArchiveKind {
    /// The value of the metric label `archive`.
    pub fn label(self) -> &'static str {
        match self {
            Self::Ocp => "ocp",
            Self::HyperShift => "hypershift",
        }
    }
}

impl Archive {
    /// Unpacks an uploaded archive: tar, alone or in gzip, bzip2 or xz, or zip.
    ///
    /// A plain tar archive is kept as it is, without a copy. This is CPU work, about a millisecond per megabyte unpacked; call it
    /// where blocking is allowed.
    pub fn read(compressed: Bytes, limits: &Limits) -> Result<Self, ArchiveError> {
        ensure!(!compressed.is_empty(), EmptySnafu);
        let compressed_bytes = compressed.len() as u64;
        let limit = limits.compressed_bytes;
        ensure!(compressed_bytes <= limit, CompressedTooBigSnafu { bytes: compressed_bytes, limit });

        let format =
            Format::of(&compressed).with_context(|| NotAnArchiveSnafu { head: shown_head(&compressed) })?;
        if format == Format::Zip {
            let (unpacked, index) = unzip::unzip(&compressed, limits)?;
            return Ok(Self { unpacked, index });
        }
        let tar = decompress::decompress(compressed, format, limits)?;
        let index = untar::index(&tar, format, limits)?;
        Ok(Self { unpacked: tar.bytes, index })
    }

    /// The content of the file at `path`, for example `config/version.json`.
    pub fn file(&self, path: &str) -> Option<&[u8]> {
        self.index.find(path).map(|content| &self.unpacked[content])
    }

    /// Every file, sorted by path (byte by byte).
    pub fn files(&self) -> impl ExactSizeIterator<Item = File<'_>> {
        self.index.files(&self.unpacked)
    }

    /// The cluster that the archive describes, out of `config/id`.
    pub fn cluster_id(&self) -> Option<ClusterId> {
        ClusterId::from_config_id(self.file("config/id")?)
    }

    /// What kind of cluster the archive is said to come from.
    pub fn kind(&self) -> ArchiveKind {
        match self.file("config/infrastructure.json") {
            Some(_) => ArchiveKind::HyperShift,
            None => ArchiveKind::Ocp,
        }
    }

    /// Returns when the newest file was written, as its header has it; `None` when no header has a time after 2017: tools that
    /// leave out times write a constant of long ago.
    pub fn newest_modification(&self) -> Option<DateTime<Utc>> {
        self.index.newest_modification()
    }

    /// The size of the unpacked bytes, which this value keeps in memory: the tar archive with its headers, or the contents of the
    /// zip members.
    pub fn unpacked_bytes(&self) -> u64 {
        self.unpacked.len() as u64
    }

    /// How many members were left out, and why.
    pub fn skipped(&self) -> Skipped {
        self.index.skipped()
    }
}

impl fmt::Debug for Archive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Archive")
            .field("files", &self.files().len())
            .field("unpacked_bytes", &self.unpacked_bytes())
            .field("skipped", &self.skipped())
            .finish()
    }
}
