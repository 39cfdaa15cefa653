//! Compressed data is one member (gzip) or stream (bzip2, xz) after the other, as `cat a.gz b.gz` makes it and parallel compressors do.

use std::io::{self, Read};

use bzip2::bufread::BzDecoder;
use flate2::bufread::GzDecoder;
use liblzma::{bufread::XzDecoder, stream::Stream};
use snafu::{ResultExt, ensure};

use crate::{
    ArchiveError, Format, Limits,
    decompress::{Completeness, Decompressed},
    error::{CorruptSnafu, TooManyMembersSnafu, UnpackedTooBigSnafu},
};

/// Members that are read at most. An empty one has 14 bytes and takes 17 us in bzip2, so that a hostile upload could keep a core
/// busy for minutes; the compressors that make the most members, one for 64 KiB, need 8192 for the default limit.
const MAX_MEMBERS: usize = 10_000;

/// A decoder of one member, which stops at its end.
pub(crate) trait Member<'a>: Read + Sized {
    const FORMAT: Format;
    /// What every member begins with. One byte, as the others may be cut off.
    const MAGIC: u8;

    fn start(compressed: &'a [u8]) -> io::Result<Self>;

    /// What follows the member, once it has been read to its end.
    fn into_rest(self) -> &'a [u8];
}

/// Decompresses all members. What follows the last one and doesn't begin like a member is ignored, as by gzip(1).
///
/// The buffer grows with what was really read, not with what a header promised.
pub(crate) fn read_members<'a, M: Member<'a>>(
    compressed: &'a [u8],
    limits: &Limits,
) -> Result<Decompressed, ArchiveError> {
    let mut bytes = Vec::new();
    let mut rest = compressed;
    for _ in 0..MAX_MEMBERS {
        let mut member = M::start(rest).context(CorruptSnafu { format: M::FORMAT })?;
        let completeness = append(&mut member, &mut bytes, limits)?;
        rest = without_padding(member.into_rest());
        let is_last = rest.first() != Some(&M::MAGIC);
        if is_last || completeness == Completeness::Truncated {
            return Ok(Decompressed { bytes: bytes.into(), completeness });
        }
    }
    TooManyMembersSnafu { format: M::FORMAT, limit: MAX_MEMBERS }.fail()
}

fn append<'a, M: Member<'a>>(
    member: &mut M,
    bytes: &mut Vec<u8>,
    limits: &Limits,
) -> Result<Completeness, ArchiveError> {
    let limit = limits.unpacked_bytes;
    let left = limit - bytes.len() as u64;
    let result = member.take(left.saturating_add(1)).read_to_end(bytes);
    ensure!(bytes.len() as u64 <= limit, UnpackedTooBigSnafu { limit });
    match result {
        Ok(_) => Ok(Completeness::Complete),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Completeness::Truncated),
        Err(source) => Err(source).context(CorruptSnafu { format: M::FORMAT }),
    }
}

/// Zeros may follow a stream of xz, and whatever was written in blocks of a tape.
fn without_padding(rest: &[u8]) -> &[u8] {
    let padding = rest.iter().take_while(|byte| **byte == 0).count();
    &rest[padding..]
}

impl<'a> Member<'a> for GzDecoder<&'a [u8]> {
    const FORMAT: Format = Format::Gzip;
    const MAGIC: u8 = 0x1f;

    fn start(compressed: &'a [u8]) -> io::Result<Self> {
        Ok(Self::new(compressed))
    }

    fn into_rest(self) -> &'a [u8] {
        self.into_inner()
    }
}

impl<'a> Member<'a> for BzDecoder<&'a [u8]> {
    const FORMAT: Format = Format::Bzip2;
    const MAGIC: u8 = b'B';

    fn start(compressed: &'a [u8]) -> io::Result<Self> {
        Ok(Self::new(compressed))
    }

    fn into_rest(self) -> &'a [u8] {
        self.into_inner()
    }
}

impl<'a> Member<'a> for XzDecoder<&'a [u8]> {
    const FORMAT: Format = Format::Xz;
    const MAGIC: u8 = 0xfd;

    fn start(compressed: &'a [u8]) -> io::Result<Self> {
        /// A header of a few bytes may ask for a dictionary of 4 GiB; `xz -9` takes 65 MiB, which fits.
        const MEMORY_BYTES: u64 = 96 << 20;

        Ok(Self::new_stream(compressed, Stream::new_stream_decoder(MEMORY_BYTES, 0)?))
    }

    fn into_rest(self) -> &'a [u8] {
        self.into_inner()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `text` compresses to.
    fn compressed<R: Read>(mut encoder: R) -> Vec<u8> {
        let mut bytes = Vec::new();
        encoder.read_to_end(&mut bytes).unwrap();
        bytes
    }

    fn gz(text: &[u8]) -> Vec<u8> {
        compressed(flate2::bufread::GzEncoder::new(text, flate2::Compression::fast()))
    }

    fn bz(text: &[u8]) -> Vec<u8> {
        compressed(bzip2::bufread::BzEncoder::new(text, bzip2::Compression::fast()))
    }

    fn xz(text: &[u8]) -> Vec<u8> {
        compressed(liblzma::bufread::XzEncoder::new(text, 0))
    }

    fn assert_reads<'a, M: Member<'a>>(compressed: &'a [u8], expected: &[u8], completeness: Completeness) {
        let read = read_members::<M>(compressed, &Limits::default()).unwrap();
        assert_eq!((&read.bytes[..], read.completeness), (expected, completeness), "{}", M::FORMAT);
    }

    #[test]
    fn members_are_read_one_after_the_other() {
        assert_reads::<GzDecoder<_>>(
            &[gz(b"one "), gz(b""), gz(b"two")].concat(),
            b"one two",
            Completeness::Complete,
        );
        assert_reads::<BzDecoder<_>>(
            &[bz(b"one "), bz(b""), bz(b"two")].concat(),
            b"one two",
            Completeness::Complete,
        );
        assert_reads::<XzDecoder<_>>(
            &[xz(b"one "), xz(b""), xz(b"two")].concat(),
            b"one two",
            Completeness::Complete,
        );
    }

    #[test]
    fn padding_and_garbage_are_passed_by() {
        let padded = [xz(b"one "), vec![0; 8], xz(b"two"), vec![0; 4]].concat();
        assert_reads::<XzDecoder<_>>(&padded, b"one two", Completeness::Complete);
        assert_reads::<BzDecoder<_>>(
            &[bz(b"one"), b"garbage".to_vec()].concat(),
            b"one",
            Completeness::Complete,
        );
    }

    #[test]
    fn a_member_that_is_cut_off_is_a_truncation() {
        for cut in 1..10 {
            let (gz_tail, bz_tail, xz_tail) = (gz(b"two"), bz(b"two"), xz(b"two"));
            assert_reads::<GzDecoder<_>>(
                &[&gz(b"one")[..], &gz_tail[..cut]].concat(),
                b"one",
                Completeness::Truncated,
            );
            assert_reads::<BzDecoder<_>>(
                &[&bz(b"one")[..], &bz_tail[..cut]].concat(),
                b"one",
                Completeness::Truncated,
            );
            assert_reads::<XzDecoder<_>>(
                &[&xz(b"one")[..], &xz_tail[..cut]].concat(),
                b"one",
                Completeness::Truncated,
            );
        }
    }

    #[test]
    fn members_without_number_are_not_read() {
        let most = read_members::<BzDecoder<_>>(&bz(b"").repeat(MAX_MEMBERS), &Limits::default())
            .map(|read| read.bytes.len());
        assert_eq!(most.unwrap(), 0);
        let more = bz(b"").repeat(MAX_MEMBERS + 1);
        let error = read_members::<BzDecoder<_>>(&more, &Limits::default()).unwrap_err().to_string();
        assert_eq!(error, "the bzip2 data has too many members: over the limit of 10000");
    }
}
