//! gzip: one shot into a buffer of the right size when that is possible, a stream when it isn't.

use std::io::{self, Read};

use flate2::bufread::GzDecoder;
use libdeflater::Decompressor;

use crate::{
    ArchiveError, Format, Limits,
    decompress::{Completeness, Decompressed, read_limited},
};

/// Decompresses gzip data of any number of members.
pub(crate) fn gunzip(compressed: &[u8], limits: &Limits) -> Result<Decompressed, ArchiveError> {
    match gunzip_whole(compressed, limits) {
        Some(bytes) => Ok(Decompressed { bytes: bytes.into(), completeness: Completeness::Complete }),
        None => gunzip_stream(compressed, limits),
    }
}

/// The fast path, for data of a single member that nothing follows; `None` when that is not certain.
fn gunzip_whole(compressed: &[u8], limits: &Limits) -> Option<Vec<u8>> {
    /// No deflate stream expands further than this: 258 bytes for each 2 bits.
    const MAX_RATIO: usize = 1032;

    let (body, trailer) = compressed.split_last_chunk::<4>()?;
    let size = usize::try_from(u32::from_le_bytes(*trailer)).ok()?;
    let is_plausible = size > 0 && size <= limits.unpacked_len() && size <= compressed.len().saturating_mul(MAX_RATIO);
    if !is_plausible {
        return None;
    }

    let mut bytes = vec![0; size];
    let written = Decompressor::new().gzip_decompress(compressed, &mut bytes).ok()?;
    // The decompressor stops after the first member, whose last 4 bytes are `written`. If those are found only where they
    // belong to the last member, the first one is the last.
    let is_whole = written == size && memchr::memmem::find(body, trailer).is_none();
    is_whole.then_some(bytes)
}

fn gunzip_stream(compressed: &[u8], limits: &Limits) -> Result<Decompressed, ArchiveError> {
    read_limited(Members::new(compressed), Format::Gzip, limits)
}

/// Reads member after member. What follows the last one and is no member is ignored, as by gzip(1).
struct Members<'a> {
    decoder: Option<GzDecoder<&'a [u8]>>,
}

impl<'a> Members<'a> {
    fn new(compressed: &'a [u8]) -> Self {
        Self { decoder: Some(GzDecoder::new(compressed)) }
    }
}

impl Read for Members<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        const MAGIC: &[u8] = &[0x1f, 0x8b];

        while let Some(decoder) = &mut self.decoder {
            let count = decoder.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            let rest = self.decoder.take().map(GzDecoder::into_inner).filter(|rest| rest.starts_with(MAGIC));
            self.decoder = rest.map(GzDecoder::new);
        }
        Ok(0)
    }
}
