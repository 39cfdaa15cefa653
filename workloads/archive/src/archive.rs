//! The archive: the unpacked bytes, and where each file lies in them.

use std::fmt;

use bytes::Bytes;
use ccx_messages::ClusterId;
use chrono::{DateTime, Utc};
use snafu::{OptionExt, ensure};

use crate::{
    ArchiveError, File, Format, Limits, Meter, Skipped, decompress,
    error::{CompressedTooBigSnafu, EmptySnafu, NotAnArchiveSnafu, shown_head},
    index::Index,
    limits::Bounds,
    untar, unzip,
};

/// The files of an archive, in memory.
///
/// ```
/// use ccx_archive::{Archive, ArchiveKind, Limits};
/// use ccx_sample_archive::SampleArchive;
///
/// let cluster_id = "5d5892d3-1f74-4ccf-91af-548dfc9767aa".parse().unwrap();
/// let uploaded = SampleArchive::small(cluster_id).to_tar_gz();
/// let archive = Archive::read(uploaded.into(), &Limits::default())?;
///
/// assert_eq!(archive.cluster_id(), Some(cluster_id));
/// assert!(archive.file("config/version.json").is_some());
/// assert!(archive.files().any(|file| file.path.starts_with("config/pod/")));
/// # Ok::<(), ccx_archive::ArchiveError>(())
/// ```
pub struct Archive {
    unpacked: Bytes,
    index: Index,
}

/// The kind of cluster that an archive counts under in metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ArchiveKind {
    /// Without `config/infrastructure.json`.
    Ocp,
    /// With `config/infrastructure.json`: existing dashboards count it under this name, although every cluster has the file.
    HyperShift,
}

impl ArchiveKind {
    /// The value of the metric label `archive`.
    ///
    /// ```
    /// assert_eq!(ccx_archive::ArchiveKind::HyperShift.label(), "hypershift");
    /// ```
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
    /// A plain tar archive is kept as it is, without a copy. This is CPU work, about a millisecond per megabyte unpacked;
    /// call it where blocking is allowed.
    pub fn read(compressed: Bytes, limits: &Limits) -> Result<Self, ArchiveError> {
        Self::read_metered(compressed, limits, &mut ())
    }

    /// Like [`Archive::read`]; asks `meter` before memory is taken and while time passes.
    pub fn read_metered(
        compressed: Bytes,
        limits: &Limits,
        meter: &mut dyn Meter,
    ) -> Result<Self, ArchiveError> {
        ensure!(!compressed.is_empty(), EmptySnafu);
        let compressed_bytes = compressed.len() as u64;
        let limit = limits.compressed_bytes;
        ensure!(compressed_bytes <= limit, CompressedTooBigSnafu { bytes: compressed_bytes, limit });

        let format = Format::detect(&compressed)
            .with_context(|| NotAnArchiveSnafu { head: shown_head(&compressed) })?;
        let bounds = Bounds::new(compressed_bytes, limits, meter);
        if format == Format::Zip {
            let (unpacked, index) = unzip::unzip(&compressed, &bounds)?;
            return Ok(Self { unpacked, index });
        }
        let tar = decompress::decompress(compressed, format, &bounds)?;
        let index = untar::index(&tar, format, &bounds)?;
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

    /// The cluster that the archive describes, from `config/id`.
    pub fn cluster_id(&self) -> Option<ClusterId> {
        ClusterId::from_config_id(self.file("config/id")?)
    }

    /// The kind of cluster that the archive counts under in metrics.
    pub fn kind(&self) -> ArchiveKind {
        match self.file("config/infrastructure.json") {
            Some(_) => ArchiveKind::HyperShift,
            None => ArchiveKind::Ocp,
        }
    }

    /// Returns the modification time of the newest file, from the members' headers; `None` when no header has a time after
    /// 2017, as tools that leave out times write a constant of long ago. Times in the future do not count.
    pub fn newest_modification(&self) -> Option<DateTime<Utc>> {
        self.index.newest_modification()
    }

    /// The size of the unpacked bytes, which this value keeps in memory: the tar archive with its headers, or the contents
    /// of the zip members.
    pub fn unpacked_bytes(&self) -> u64 {
        self.unpacked.len() as u64
    }

    /// The number of members that were left out, by reason.
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
