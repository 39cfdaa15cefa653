//! Compressed bytes to the tar archive in them, never beyond the limit.

use std::io::{self, BufRead, Read};

use bytes::Bytes;
use bzip2::bufread::MultiBzDecoder;
use liblzma::{
    bufread::XzDecoder,
    stream::{CONCATENATED, Stream},
};
use snafu::{ResultExt, ensure};

use crate::{
    ArchiveError, Format, Limits,
    error::{CorruptSnafu, UnpackedTooBigSnafu},
    gunzip,
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
pub(crate) fn decompress(compressed: Bytes, format: Format, limits: &Limits) -> Result<Decompressed, ArchiveError> {
    match format {
        Format::Gzip => gunzip::gunzip(&compressed, limits),
        Format::Bzip2 => read_limited(MultiBzDecoder::new(&compressed[..]), format, limits),
        Format::Xz => read_limited(xz_decoder(&compressed[..]).context(CorruptSnafu { format })?, format, limits),
        Format::Tar | Format::Zip => {
            let limit = limits.unpacked_bytes;
            ensure!(compressed.len() as u64 <= limit, UnpackedTooBigSnafu { limit });
            Ok(Decompressed { bytes: compressed, completeness: Completeness::Complete })
        }
    }
}

/// A header of a few bytes may ask for a dictionary of 4 GiB; `xz -9` takes 65 MiB, which fits.
const XZ_MEMORY_BYTES: u64 = 96 << 20;

fn xz_decoder<R: BufRead>(compressed: R) -> io::Result<XzDecoder<R>> {
    let stream = Stream::new_stream_decoder(XZ_MEMORY_BYTES, CONCATENATED)?;
    Ok(XzDecoder::new_stream(compressed, stream))
}

/// Reads all that a decoder gives. The buffer grows with what was really read, not with what a header promised.
pub(crate) fn read_limited(decoder: impl Read, format: Format, limits: &Limits) -> Result<Decompressed, ArchiveError> {
    let mut bytes = Vec::new();
    let result = decoder.take(limits.unpacked_bytes.saturating_add(1)).read_to_end(&mut bytes);
    let limit = limits.unpacked_bytes;
    ensure!(bytes.len() as u64 <= limit, UnpackedTooBigSnafu { limit });
    let completeness = match result {
        Ok(_) => Completeness::Complete,
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Completeness::Truncated,
        Err(source) => return Err(source).context(CorruptSnafu { format }),
    };
    Ok(Decompressed { bytes: bytes.into(), completeness })
}
