//! Compressed data is one member (gzip) or stream (bzip2, xz) after another: `cat a.gz b.gz` and parallel compressors
//! write several.

use std::io::{self, Read};

use bzip2::bufread::BzDecoder;
use flate2::bufread::GzDecoder;
use liblzma::{bufread::XzDecoder, stream::Stream};

use crate::{
    ArchiveError, Format,
    content::Content,
    decompress::{Completeness, Decompressed},
    error::{CorruptSnafu, TooManyMembersSnafu},
    input::{Input, refusal},
    limits::{Bounds, Permit},
};

/// The most members that are read. An empty one has 14 bytes and takes 17 µs in bzip2, so that a hostile upload could keep
/// a core busy for minutes; the compressors that write the most members, one for 64 KiB, need 8192 for the default limit.
const MAX_MEMBERS: usize = 10_000;

/// The content that is unpacked between two questions to the meter.
const STEP_BYTES: usize = 256 << 10;

/// A decoder of one member, which stops at its end.
pub(crate) trait Member<'a>: Read + Sized {
    const FORMAT: Format;
    /// The first byte of every member. Only one, as the others may be cut off.
    const MAGIC: u8;

    fn start(compressed: Input<'a>) -> io::Result<Self>;

    /// Returns what follows the member, once it has been read to its end.
    fn into_rest(self) -> &'a [u8];
}

/// Decompresses all members. Like gzip(1), ignores what follows the last one and does not begin like a member.
///
/// The content grows with what was really read, not with what a header states.
pub(crate) fn read_members<'a, M: Member<'a>>(
    compressed: &'a [u8],
    bounds: &'a Bounds<'_>,
) -> Result<Decompressed, ArchiveError> {
    // One byte more than allowed, to see that there is more.
    let mut content = Content::with_limit(bounds.content_len().saturating_add(1))?;
    let mut rest = compressed;
    for _ in 0..MAX_MEMBERS {
        let input = Input::new(rest, bounds, content.len() as u64);
        let mut member = M::start(input).map_err(|error| damage(error, M::FORMAT))?;
        let completeness = match append(&mut member, &mut content, bounds)? {
            Ok(()) => Completeness::Complete,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Completeness::Truncated,
            Err(error) => return Err(damage(error, M::FORMAT)),
        };
        rest = without_padding(member.into_rest());
        let is_last = rest.first() != Some(&M::MAGIC);
        if is_last || completeness == Completeness::Truncated {
            return Ok(Decompressed { bytes: content.into_bytes(), completeness });
        }
    }
    TooManyMembersSnafu { format: M::FORMAT, limit: MAX_MEMBERS }.fail()
}

/// Appends everything that `source` gives to the content, within the bounds. The inner error is the source's.
pub(crate) fn append(
    source: &mut impl Read,
    content: &mut Content,
    bounds: &Bounds<'_>,
) -> Result<io::Result<()>, ArchiveError> {
    loop {
        bounds.permit((content.len() + STEP_BYTES) as u64)?;
        match source.read(content.spare(STEP_BYTES)) {
            Ok(0) => return Ok(Ok(())),
            Ok(bytes) => content.advance(bytes),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return refusal(error).map_or_else(|error| Ok(Err(error)), Err),
        }
        bounds.check_content(content.len() as u64)?;
    }
}

fn damage(error: io::Error, format: Format) -> ArchiveError {
    refusal(error).unwrap_or_else(|source| snafu::IntoError::into_error(CorruptSnafu { format }, source))
}

/// Skips zeros: xz permits them after a stream, and tapes are written in blocks.
fn without_padding(rest: &[u8]) -> &[u8] {
    let padding = rest.iter().take_while(|byte| **byte == 0).count();
    &rest[padding..]
}

impl<'a> Member<'a> for GzDecoder<Input<'a>> {
    const FORMAT: Format = Format::Gzip;
    const MAGIC: u8 = 0x1f;

    fn start(compressed: Input<'a>) -> io::Result<Self> {
        Ok(Self::new(compressed))
    }

    fn into_rest(self) -> &'a [u8] {
        self.into_inner().rest
    }
}

impl<'a> Member<'a> for BzDecoder<Input<'a>> {
    const FORMAT: Format = Format::Bzip2;
    const MAGIC: u8 = b'B';

    fn start(compressed: Input<'a>) -> io::Result<Self> {
        Ok(Self::new(compressed))
    }

    fn into_rest(self) -> &'a [u8] {
        self.into_inner().rest
    }
}

impl<'a> Member<'a> for XzDecoder<Input<'a>> {
    const FORMAT: Format = Format::Xz;
    const MAGIC: u8 = 0xfd;

    fn start(compressed: Input<'a>) -> io::Result<Self> {
        /// A header of a few bytes may ask for a dictionary of 4 GiB. The presets up to `xz -7` take 16 MiB and a bit.
        const MEMORY_BYTES: u64 = 18 << 20;

        Ok(Self::new_stream(compressed, Stream::new_stream_decoder(MEMORY_BYTES, 0)?))
    }

    fn into_rest(self) -> &'a [u8] {
        self.into_inner().rest
    }
}

#[cfg(test)]
mod tests;
