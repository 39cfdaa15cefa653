//! Compressed bytes as decompressors read them: in small pieces, with a check of the deadline before each.

use std::io::{self, BufRead, Read};

use crate::{ArchiveError, limits::Permit};

/// The most that a decompressor sees at once. Its calls end at the end of a piece, so this bounds how long one takes that
/// produces nothing, such as for thousands of empty blocks.
const PIECE_BYTES: usize = 64 << 10;

/// The rest of the compressed bytes.
pub(crate) struct Input<'a> {
    pub(crate) rest: &'a [u8],
    permit: &'a dyn Permit,
    content_bytes: u64,
}

impl<'a> Input<'a> {
    /// Reads `compressed` when `content_bytes` have been unpacked before.
    pub(crate) fn new(compressed: &'a [u8], permit: &'a dyn Permit, content_bytes: u64) -> Self {
        Self { rest: compressed, permit, content_bytes }
    }
}

impl BufRead for Input<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.permit.permit(self.content_bytes).map_err(io::Error::other)?;
        Ok(&self.rest[..self.rest.len().min(PIECE_BYTES)])
    }

    fn consume(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes..];
    }
}

impl Read for Input<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let bytes = self.fill_buf()?.read(out)?;
        self.consume(bytes);
        Ok(bytes)
    }
}

/// The reason why an [`Input`] ended the reading, if `error` is one.
pub(crate) fn refusal(error: io::Error) -> Result<ArchiveError, io::Error> {
    error.downcast::<ArchiveError>()
}
