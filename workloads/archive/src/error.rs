//! Why bytes are not an archive that we can use.

use std::{fmt, io};

use ccx_messages::ErrorClass;
use snafu::Snafu;

use crate::Format;

/// Why an archive can't be read.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(crate)))]
pub enum ArchiveError {
    /// There is nothing at all.
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

    /// The compressed data is cut into too many members, which takes long though it gives little.
    #[snafu(display("the {format} data has too many members: over the limit of {limit}"))]
    TooManyMembers {
        /// How it is compressed.
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

    /// The first bytes are of no known format.
    #[snafu(display("not an archive: it begins with \"{head}\""))]
    NotAnArchive {
        /// The first bytes, escaped.
        head: String,
    },

    /// It decompresses, but not to a tar archive.
    #[snafu(display("the {format} data holds no tar archive: it begins with \"{head}\""))]
    NoTarInside {
        /// How it was compressed.
        format: Format,
        /// The first decompressed bytes, escaped.
        head: String,
    },

    /// The compressed data is damaged.
    #[snafu(display("failed to decompress the {format} data"))]
    Corrupt {
        /// How it is compressed.
        format: Format,
        /// What the decompressor says.
        source: io::Error,
    },

    /// The data ends too early.
    #[snafu(display("the archive is truncated {place}"))]
    Truncated {
        /// Where it ends.
        place: Place,
    },

    /// A tar header, or an extension of it, makes no sense.
    #[snafu(display("unable to read the tar header {place}: {reason}"))]
    BrokenHeader {
        /// Where the header is.
        place: Place,
        /// What is wrong with it.
        reason: &'static str,
    },

    /// The directory of a zip archive is damaged.
    #[snafu(display("failed to read the zip directory"))]
    ZipDirectory {
        /// What the zip reader says.
        source: zip::result::ZipError,
    },

    /// A member of a zip archive is damaged, encrypted or compressed by a method that we don't know.
    #[snafu(display("failed to read the zip entry \"{entry}\""))]
    ZipEntry {
        /// The member.
        entry: String,
        /// What the zip reader says.
        source: io::Error,
    },

    /// An archive, but without a single usable file.
    #[snafu(display("no files in the archive"))]
    NoFiles,
}

impl ArchiveError {
    /// Always [`ErrorClass::BadInput`]: the same bytes fail the same way tomorrow.
    pub fn class(&self) -> ErrorClass {
        ErrorClass::BadInput
    }
}

/// Where in an archive something is wrong.
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

/// A path from an archive as an error shows it: readable whatever its bytes, and too short to flood a log.
pub(crate) fn shown_path(path: &[u8]) -> String {
    const SHOWN_CHARS: usize = 120;
    String::from_utf8_lossy(path).chars().take(SHOWN_CHARS).flat_map(char::escape_default).collect()
}

/// The first bytes of something unknown, as an error shows them: enough for any magic number.
pub(crate) fn shown_head(bytes: &[u8]) -> String {
    const SHOWN_BYTES: usize = 16;
    bytes[..bytes.len().min(SHOWN_BYTES)].escape_ascii().to_string()
}
