//! gzip: in one call into a buffer of the right size where possible, as a stream otherwise.

use bytes::Bytes;
use flate2::bufread::GzDecoder;
use libdeflater::Decompressor;

use crate::{
    ArchiveError,
    content::Content,
    decompress::{Completeness, Decompressed},
    limits::{Bounds, Permit},
    members::read_members,
    stated_size::stated_content_bytes,
};

/// The most that is decompressed in one call, which cannot be interrupted: two seconds of the most expensive input.
const MAX_WHOLE_BYTES: usize = 8 << 20;

/// Decompresses gzip data of any number of members.
pub(crate) fn gunzip(compressed: &[u8], bounds: &Bounds<'_>) -> Result<Decompressed, ArchiveError> {
    match gunzip_whole(compressed, bounds)? {
        Some(bytes) => Ok(Decompressed { bytes, completeness: Completeness::Complete }),
        None => gunzip_stream(compressed, bounds),
    }
}

/// The fast path, for data of a single member that nothing follows; `None` when that is not certain.
fn gunzip_whole(compressed: &[u8], bounds: &Bounds<'_>) -> Result<Option<Bytes>, ArchiveError> {
    let Some((body, trailer)) = compressed.split_last_chunk::<4>() else { return Ok(None) };
    let stated = stated_content_bytes(compressed).filter(|bytes| (1..=bounds.content_bytes).contains(bytes));
    let Some(size) = stated.and_then(|bytes| usize::try_from(bytes).ok()) else { return Ok(None) };
    if compressed.len() > MAX_WHOLE_BYTES {
        return Ok(None);
    }

    bounds.permit(size as u64)?;
    let mut buffer = Buffer::with_len(size)?;
    let Ok(written) = Decompressor::new().gzip_decompress(compressed, buffer.as_mut()) else {
        return Ok(None);
    };
    // The decompressor stops after the first member, whose last 4 bytes are `written`. If those are found only where they
    // belong to the last member, the first one is the last.
    let is_whole = written == size && memchr::memmem::find(body, trailer).is_none();
    Ok(is_whole.then(|| buffer.into_bytes()))
}

fn gunzip_stream(compressed: &[u8], bounds: &Bounds<'_>) -> Result<Decompressed, ArchiveError> {
    read_members::<GzDecoder<_>>(compressed, bounds)
}

/// A buffer of known size: usual ones are reused by the allocator, large ones are returned to the kernel at once.
enum Buffer {
    Usual(Vec<u8>),
    Large(Content),
}

impl Buffer {
    fn with_len(len: usize) -> Result<Self, ArchiveError> {
        /// More than the in-cluster operator ever sends.
        const USUAL_BYTES: usize = 32 << 20;

        if len <= USUAL_BYTES {
            return Ok(Self::Usual(vec![0; len]));
        }
        let mut content = Content::with_limit(len)?;
        content.advance(len);
        Ok(Self::Large(content))
    }

    fn as_mut(&mut self) -> &mut [u8] {
        match self {
            Self::Usual(bytes) => bytes,
            Self::Large(content) => content.as_mut(),
        }
    }

    fn into_bytes(self) -> Bytes {
        match self {
            Self::Usual(bytes) => bytes.into(),
            Self::Large(content) => content.into_bytes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::{Format, Limits};

    fn member(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    fn within_defaults<T>(compressed: &[u8], read: impl FnOnce(&[u8], &Bounds<'_>) -> T) -> T {
        read(compressed, &Bounds::new(compressed.len() as u64, &Limits::default(), &mut ()))
    }

    fn whole(compressed: &[u8]) -> Option<Vec<u8>> {
        within_defaults(compressed, gunzip_whole).unwrap().map(Into::into)
    }

    fn stream(compressed: &[u8]) -> Decompressed {
        within_defaults(compressed, gunzip_stream).unwrap()
    }

    fn gunzip(compressed: &[u8]) -> Result<Decompressed, ArchiveError> {
        within_defaults(compressed, super::gunzip)
    }

    fn complete(bytes: &[u8]) -> Decompressed {
        Decompressed { bytes: bytes.to_vec().into(), completeness: Completeness::Complete }
    }

    #[test]
    fn single_member_takes_the_fast_path() {
        assert_eq!(whole(&member(b"content")), Some(b"content".to_vec()));
    }

    #[test]
    fn several_members_take_the_stream() {
        for second in [b"twin".as_slice(), b"longer than the first"] {
            let compressed = [member(b"twin"), member(second)].concat();
            assert_eq!(whole(&compressed), None);
            assert_eq!(stream(&compressed), complete(&[b"twin", second].concat()));
        }
    }

    #[test]
    fn trailing_garbage_is_ignored() {
        for garbage in [
            b"\0\0\0\0\0\0\0\0".as_slice(),
            b"garbage",
            b"\x07\0\0\0",
            b"garbage that looks like a trailer\x07\0\0\0",
        ] {
            let compressed = [&member(b"content"), garbage].concat();
            assert_eq!(gunzip(&compressed).unwrap(), complete(b"content"), "{garbage:?}");
        }
    }

    #[test]
    fn start_of_another_member_is_a_truncation() {
        for cut in 1..18 {
            let compressed = [&member(b"first")[..], &member(b"second")[..cut]].concat();
            let read = gunzip(&compressed).unwrap();
            assert_eq!(read.completeness, Completeness::Truncated, "{cut}");
            assert!(read.bytes.starts_with(b"first"));
        }
    }

    #[test]
    fn wrong_checksum_is_an_error_on_both_paths() {
        let mut compressed = member(b"content");
        let checksum = compressed.len() - 8;
        compressed[checksum] ^= 1;
        assert_eq!(whole(&compressed), None);
        assert!(matches!(gunzip(&compressed), Err(ArchiveError::Corrupt { format: Format::Gzip, .. })));
    }

    #[test]
    fn stated_size_beyond_the_possible_is_not_allocated() {
        let mut compressed = member(b"content");
        let size = compressed.len() - 4;
        compressed[size..].copy_from_slice(&(512_u32 << 20).to_le_bytes());
        assert_eq!(whole(&compressed), None);
        assert!(matches!(gunzip(&compressed), Err(ArchiveError::Corrupt { .. })));
    }

    proptest! {
        #[test]
        fn both_decoders_return_equal_bytes(contents in vec(vec(0_u8..4, 0..300), 1..4)) {
            let compressed: Vec<u8> = contents.iter().flat_map(|content| member(content)).collect();
            let expected = contents.concat();
            prop_assert_eq!(stream(&compressed), complete(&expected));
            if let Some(bytes) = whole(&compressed) {
                prop_assert_eq!(bytes, expected);
            }
        }

        #[test]
        fn fast_path_never_takes_what_the_stream_refuses(content in vec(any::<u8>(), 1..200), at in any::<prop::sample::Index>(), flip in 1_u8..) {
            let mut compressed = member(&content);
            let at = at.index(compressed.len());
            compressed[at] ^= flip;
            if let Some(bytes) = whole(&compressed) {
                prop_assert_eq!(stream(&compressed), complete(&bytes));
            }
        }
    }
}
