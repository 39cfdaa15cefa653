//! Compressed bytes to the tar archive in them, never beyond the limit.

use bytes::Bytes;
use bzip2::bufread::BzDecoder;
use liblzma::bufread::XzDecoder;
use snafu::ensure;

use crate::{
    ArchiveError, Format, Limits, error::UnpackedTooBigSnafu, gunzip::gunzip, members::read_members,
};

/// What came out of a decompressor.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Decompressed {
    pub(crate) bytes: Bytes,
    pub(crate) completeness: Completeness,
}

/// Whether there was an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Completeness {
    /// The compressed data is whole and its checksums are right.
    Complete,
    /// The compressed data stops before its end.
    Truncated,
}

/// Decompresses what `format` says. Truncated data is no error yet: what there is of it tells in which entry it ends.
pub(crate) fn decompress(
    compressed: Bytes,
    format: Format,
    limits: &Limits,
) -> Result<Decompressed, ArchiveError> {
    match format {
        Format::Gzip => gunzip(&compressed, limits),
        Format::Bzip2 => read_members::<BzDecoder<_>>(&compressed, limits),
        Format::Xz => read_members::<XzDecoder<_>>(&compressed, limits),
        Format::Tar | Format::Zip => {
            let limit = limits.unpacked_bytes;
            ensure!(compressed.len() as u64 <= limit, UnpackedTooBigSnafu { limit });
            Ok(Decompressed { bytes: compressed, completeness: Completeness::Complete })
        }
    }
}
