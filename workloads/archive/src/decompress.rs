//! Compressed bytes to the tar archive in them, never beyond the limit.

use bytes::Bytes;
use bzip2::bufread::BzDecoder;
use liblzma::bufread::XzDecoder;
use snafu::ensure;

use crate::{
    ArchiveError, Format, error::UnpackedTooBigSnafu, gunzip::gunzip, limits::Bounds, members::read_members,
    stated_size::stated_content_bytes,
};

/// The output of a decompressor.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Decompressed {
    pub(crate) bytes: Bytes,
    pub(crate) completeness: Completeness,
}

/// Whether the compressed data had an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Completeness {
    /// The compressed data is complete and its checksums are right.
    Complete,
    /// The compressed data stops before its end.
    Truncated,
}

/// Decompresses according to `format`. Truncated data is not yet an error: its content tells in which entry it ends.
///
/// Data that states a size over the limit is refused before anything is unpacked.
pub(crate) fn decompress(
    compressed: Bytes,
    format: Format,
    bounds: &Bounds<'_>,
) -> Result<Decompressed, ArchiveError> {
    if format == Format::Tar {
        let limit = bounds.limits.unpacked_bytes;
        ensure!(compressed.len() as u64 <= limit, UnpackedTooBigSnafu { limit });
        return Ok(Decompressed { bytes: compressed, completeness: Completeness::Complete });
    }
    bounds.check_content(stated_content_bytes(&compressed).unwrap_or(0))?;
    match format {
        Format::Bzip2 => read_members::<BzDecoder<_>>(&compressed, bounds),
        Format::Xz => read_members::<XzDecoder<_>>(&compressed, bounds),
        Format::Gzip | Format::Tar | Format::Zip => gunzip(&compressed, bounds),
    }
}
