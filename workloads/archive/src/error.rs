//! Errors of archives that are refused.

use std::{fmt, io, time::Duration};

use ccx_messages::ErrorClass;
use snafu::Snafu;

use crate::Format;

/// The reason why an archive cannot be read.
///
/// ```
/// use ccx_archive::{Archive, ArchiveError, Limits};
/// use ccx_messages::ErrorClass;
///
/// let error = Archive::read(b"<html>".as_slice().into(), &Limits::default()).unwrap_err();
/// assert!(matches!(error, ArchiveError::NotAnArchive { .. }));
/// assert_eq!(error.to_string(), "not an archive: it begins with \"<html>\"");
/// assert_eq!(error.class(), ErrorClass::BadInput);
/// ```
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(crate)))]
pub enum ArchiveError {
    /// The upload has no bytes.
    #[snafu(display("the archive is empty (0 bytes)"))]
    Empty,

    /// The upload is over [`Limits::compressed_bytes`](crate::Limits::compressed_bytes).
    #[snafu(display("the archive is too big: {bytes} bytes, the limit is {limit}"))]
    CompressedTooBig {
        /// The size of the upload.
        bytes: u64,
        /// The limit in force.
        limit: u64,
    },

    /// The content is over [`Limits::unpacked_bytes`](crate::Limits::unpacked_bytes).
    #[snafu(display("the unpacked archive is too big: over the limit of {limit} bytes"))]
    UnpackedTooBig {
        /// The limit in force.
        limit: u64,
    },

    /// There are more members than [`Limits::entries`](crate::Limits::entries).
    #[snafu(display("the archive has too many entries: over the limit of {limit}"))]
    TooManyEntries {
        /// The limit in force.
        limit: usize,
    },

    /// All paths together are too long; the limit is 80 bytes for each of [`Limits::entries`](crate::Limits::entries).
    #[snafu(display("the paths of the archive are too long in total: over the limit of {limit} bytes"))]
    PathsTooLong {
        /// The limit in force.
        limit: usize,
    },

    /// Reading takes longer than the [`Meter`](crate::Meter) permits.
    #[snafu(display("reading the archive takes longer than {limit:?}"))]
    TimedOut {
        /// The time that it was given.
        limit: Duration,
    },

    /// No addresses are available for the content.
    #[snafu(display("failed to reserve {bytes} bytes for the content of the archive"))]
    OutOfMemory {
        /// The number of bytes.
        bytes: usize,
        /// The kernel's answer.
        source: io::Error,
    },

    /// The compressed data consists of so many members that decompressing takes long although it yields little.
    #[snafu(display("the {format} data has too many members: over the limit of {limit}"))]
    TooManyMembers {
        /// The compression.
        format: Format,
        /// The limit, a constant.
        limit: usize,
    },

    /// A path is longer than [`Limits::path_bytes`](crate::Limits::path_bytes).
    #[snafu(display("the path of the entry \"{entry}…\" is too long: {bytes} bytes, the limit is {limit}"))]
    PathTooLong {
        /// The first characters of the path.
        entry: String,
        /// The length of the path.
        bytes: usize,
        /// The limit in force.
        limit: usize,
    },

    /// The first bytes belong to no known format.
    #[snafu(display("not an archive: it begins with \"{head}\""))]
    NotAnArchive {
        /// The first bytes, escaped.
        head: String,
    },

    /// It decompresses, but not to a tar archive.
    #[snafu(display("the {format} data holds no tar archive: it begins with \"{head}\""))]
    NoTarInside {
        /// The compression.
        format: Format,
        /// The first decompressed bytes, escaped.
        head: String,
    },

    /// The compressed data is damaged.
    #[snafu(display("failed to decompress the {format} data"))]
    Corrupt {
        /// The compression.
        format: Format,
        /// The decompressor's error.
        source: io::Error,
    },

    /// The data ends too early.
    #[snafu(display("the archive is truncated {place}"))]
    Truncated {
        /// The position of the end.
        place: Place,
    },

    /// A tar header, or an extension of it, is malformed.
    #[snafu(display("unable to read the tar header {place}: {reason}"))]
    BrokenHeader {
        /// The position of the header.
        place: Place,
        /// The fault.
        reason: &'static str,
    },

    /// The directory of a zip archive is damaged.
    #[snafu(display("failed to read the zip directory"))]
    ZipDirectory {
        /// The zip reader's error.
        source: rawzip::Error,
    },

    /// A member of a zip archive lies outside of the file, or has no header where the directory says.
    #[snafu(display("failed to read the zip entry \"{entry}\""))]
    ZipEntry {
        /// The member.
        entry: String,
        /// The zip reader's error.
        source: rawzip::Error,
    },

    /// The content of a zip member does not have the stated size or checksum.
    #[snafu(display("the zip entry \"{entry}\" is corrupt"))]
    ZipEntryChecksum {
        /// The member.
        entry: String,
    },

    /// A member of a zip archive is encrypted, or compressed by another method than deflate.
    #[snafu(display("the zip entry \"{entry}\" is {}", shown_method(*method, *is_encrypted)))]
    ZipMethod {
        /// The member.
        entry: String,
        /// The compression method, as a number of the zip specification.
        method: u16,
        /// Whether it is encrypted.
        is_encrypted: bool,
    },

    /// Members of a zip archive share bytes of the file, as only made for decompression bombs.
    #[snafu(display("the entries of the zip archive overlap"))]
    OverlappingEntries,

    /// An archive without a single usable file.
    #[snafu(display("no files in the archive"))]
    NoFiles,
}

impl ArchiveError {
    /// Returns [`ErrorClass::BadInput`], since the same bytes fail the same way again, unless this process had no memory.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::OutOfMemory { .. } => ErrorClass::Transient,
            _ => ErrorClass::BadInput,
        }
    }
}

/// A position in an archive, for errors.
///
/// ```
/// use ccx_archive::Place;
///
/// assert_eq!(Place::After("config/id".into()).to_string(), "after the entry \"config/id\"");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Before the first member.
    Start,
    /// Within this member.
    In(String),
    /// After this member, before the next one is known.
    After(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start => f.write_str("before the first entry"),
            Self::In(entry) => write!(f, "in the entry \"{entry}\""),
            Self::After(entry) => write!(f, "after the entry \"{entry}\""),
        }
    }
}

/// A path from an archive as an error shows it: readable for any bytes, and bounded in length.
pub(crate) fn shown_path(path: &[u8]) -> String {
    const SHOWN_CHARS: usize = 120;
    String::from_utf8_lossy(path).chars().take(SHOWN_CHARS).flat_map(char::escape_default).collect()
}

/// The first bytes of something unknown, as an error shows them: enough for any magic number.
pub(crate) fn shown_head(bytes: &[u8]) -> String {
    const SHOWN_BYTES: usize = 16;
    bytes[..bytes.len().min(SHOWN_BYTES)].escape_ascii().to_string()
}

fn shown_method(method: u16, is_encrypted: bool) -> String {
    if is_encrypted { "encrypted".into() } else { format!("compressed by the unsupported method {method}") }
}
