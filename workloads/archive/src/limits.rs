//! The limits of an archive: sizes that are configured, and a meter that is asked while it is read.

use std::{cell::RefCell, time::Duration};

use snafu::ensure;

use crate::{
    ArchiveError,
    error::{TimedOutSnafu, UnpackedTooBigSnafu},
};

const MIB: u64 = 1 << 20;

/// Uploads of up to this size leave the whole [`Limits::unpacked_bytes`] to their content.
const FREE_UPLOAD_BYTES: u64 = 16 * MIB;

/// The bounds within which an archive is read.
///
/// The defaults are far above what the in-cluster operator sends (it keeps at most 24 MiB of records, in a few thousand
/// files) and far below what would harm a worker.
///
/// ```
/// use ccx_archive::{Archive, ArchiveError, Limits};
///
/// let limits = Limits { compressed_bytes: 8, ..Limits::default() };
/// let error = Archive::read(b"123456789".as_slice().into(), &limits).unwrap_err();
/// assert!(matches!(error, ArchiveError::CompressedTooBig { bytes: 9, limit: 8 }));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The archive as uploaded, in bytes.
    pub compressed_bytes: u64,
    /// The tar archive, or the contents of the zip members, in bytes.
    pub unpacked_bytes: u64,
    /// Members of the archive: files, directories, links and all other kinds.
    pub entries: usize,
    /// The path of one file, in bytes.
    pub path_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { compressed_bytes: 100 * MIB, unpacked_bytes: 512 * MIB, entries: 100_000, path_bytes: 4096 }
    }
}

impl Limits {
    /// The largest content of an upload of `compressed_bytes`.
    ///
    /// Both are in memory at the same time, so what the upload has beyond 16 MiB is taken from
    /// [`unpacked_bytes`](Self::unpacked_bytes): together they never exceed it by more than those.
    pub fn content_bytes(&self, compressed_bytes: u64) -> u64 {
        self.unpacked_bytes.saturating_sub(compressed_bytes.saturating_sub(FREE_UPLOAD_BYTES))
    }

    /// All paths of an archive together, in bytes: 80 for each entry that is allowed, at least 1 MiB.
    pub(crate) fn all_paths_bytes(&self) -> usize {
        const MEAN_PATH_BYTES: usize = 80;
        self.entries.saturating_mul(MEAN_PATH_BYTES).max(1 << 20)
    }
}

/// Observes how an archive is read, charges for its memory, and ends the reading when it takes too long.
///
/// ```
/// use ccx_archive::{Archive, Limits, Meter, TimedOut};
///
/// /// Counts what is unpacked.
/// struct Largest(u64);
///
/// impl Meter for Largest {
///     fn permit(&mut self, content_bytes: u64) -> Result<(), TimedOut> {
///         self.0 = self.0.max(content_bytes);
///         Ok(())
///     }
/// }
///
/// let tar_gz = ccx_sample_archive::SampleArchive::small("5d5892d3-1f74-4ccf-91af-548dfc9767aa".parse().unwrap()).to_tar_gz();
/// let mut largest = Largest(0);
/// let archive = Archive::read_metered(tar_gz.into(), &Limits::default(), &mut largest)?;
/// assert!(largest.0 >= archive.unpacked_bytes());
/// # Ok::<(), ccx_archive::ArchiveError>(())
/// ```
pub trait Meter {
    /// Permits the content to grow to `content_bytes` in total; may block until there is memory for it.
    ///
    /// Called before memory is taken; and for each 64 KiB of the upload and each member, whether they grow the content or not
    /// (`content_bytes` is then not larger than before).
    fn permit(&mut self, content_bytes: u64) -> Result<(), TimedOut>;
}

/// Permits everything.
impl Meter for () {
    fn permit(&mut self, _: u64) -> Result<(), TimedOut> {
        Ok(())
    }
}

/// The time for reading an archive is used up; see [`Meter`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedOut {
    /// The time that reading was given.
    pub limit: Duration,
}

/// The bounds of one reading.
pub(crate) struct Bounds<'a> {
    pub(crate) limits: &'a Limits,
    /// The largest content, in bytes.
    pub(crate) content_bytes: u64,
    meter: RefCell<&'a mut dyn Meter>,
}

impl<'a> Bounds<'a> {
    /// The bounds for an upload of `compressed_bytes`.
    pub(crate) fn new(compressed_bytes: u64, limits: &'a Limits, meter: &'a mut dyn Meter) -> Self {
        let content_bytes = limits.content_bytes(compressed_bytes);
        Self { limits, content_bytes, meter: RefCell::new(meter) }
    }

    /// The largest content, as the length of a buffer.
    pub(crate) fn content_len(&self) -> usize {
        usize::try_from(self.content_bytes).unwrap_or(usize::MAX)
    }

    /// Refuses content of `bytes` when that is over the limit.
    pub(crate) fn check_content(&self, bytes: u64) -> Result<(), ArchiveError> {
        let limit = self.content_bytes;
        ensure!(bytes <= limit, UnpackedTooBigSnafu { limit });
        Ok(())
    }
}

/// A [`Meter`] that several readers of one archive share.
pub(crate) trait Permit {
    /// Asks the meter.
    fn permit(&self, content_bytes: u64) -> Result<(), ArchiveError>;
}

impl Permit for Bounds<'_> {
    fn permit(&self, content_bytes: u64) -> Result<(), ArchiveError> {
        let permitted = self.meter.borrow_mut().permit(content_bytes);
        permitted.or_else(|TimedOut { limit }| TimedOutSnafu { limit }.fail())
    }
}
