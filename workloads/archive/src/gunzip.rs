//! gzip: one shot into a buffer of the right size when that is possible, a stream when it isn't.

use flate2::bufread::GzDecoder;
use libdeflater::Decompressor;

use crate::{
    ArchiveError, Limits,
    decompress::{Completeness, Decompressed},
    members::read_members,
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
    let is_plausible =
        size > 0 && size <= limits.unpacked_len() && size <= compressed.len().saturating_mul(MAX_RATIO);
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
    read_members::<GzDecoder<_>>(compressed, limits)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::Format;

    fn member(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    fn whole(compressed: &[u8]) -> Option<Vec<u8>> {
        gunzip_whole(compressed, &Limits::default())
    }

    fn stream(compressed: &[u8]) -> Decompressed {
        gunzip_stream(compressed, &Limits::default()).unwrap()
    }

    fn complete(bytes: &[u8]) -> Decompressed {
        Decompressed { bytes: bytes.to_vec().into(), completeness: Completeness::Complete }
    }

    #[test]
    fn one_member_takes_the_fast_path() {
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
    fn what_follows_and_is_no_member_is_ignored() {
        for garbage in [
            b"\0\0\0\0\0\0\0\0".as_slice(),
            b"garbage",
            b"\x07\0\0\0",
            b"garbage that looks like a trailer\x07\0\0\0",
        ] {
            let compressed = [&member(b"content"), garbage].concat();
            assert_eq!(gunzip(&compressed, &Limits::default()).unwrap(), complete(b"content"), "{garbage:?}");
        }
    }

    #[test]
    fn the_start_of_another_member_is_not_ignored() {
        for cut in 1..18 {
            let compressed = [&member(b"first")[..], &member(b"second")[..cut]].concat();
            let read = gunzip(&compressed, &Limits::default()).unwrap();
            assert_eq!(read.completeness, Completeness::Truncated, "{cut}");
            assert!(read.bytes.starts_with(b"first"));
        }
    }

    #[test]
    fn a_wrong_checksum_is_an_error_on_both_paths() {
        let mut compressed = member(b"content");
        let checksum = compressed.len() - 8;
        compressed[checksum] ^= 1;
        assert_eq!(whole(&compressed), None);
        assert!(matches!(
            gunzip(&compressed, &Limits::default()),
            Err(ArchiveError::Corrupt { format: Format::Gzip, .. })
        ));
    }

    #[test]
    fn a_promised_size_beyond_reason_is_not_allocated() {
        let mut compressed = member(b"content");
        let size = compressed.len() - 4;
        compressed[size..].copy_from_slice(&(512_u32 << 20).to_le_bytes());
        assert_eq!(whole(&compressed), None);
        assert!(matches!(gunzip(&compressed, &Limits::default()), Err(ArchiveError::Corrupt { .. })));
    }

    proptest! {
        #[test]
        fn both_paths_give_the_same(contents in vec(vec(0_u8..4, 0..300), 1..4)) {
            let compressed: Vec<u8> = contents.iter().flat_map(|content| member(content)).collect();
            let expected = contents.concat();
            prop_assert_eq!(stream(&compressed), complete(&expected));
            if let Some(bytes) = whole(&compressed) {
                prop_assert_eq!(bytes, expected);
            }
        }

        #[test]
        fn the_fast_path_never_takes_what_the_stream_refuses(content in vec(any::<u8>(), 1..200), at in any::<prop::sample::Index>(), flip in 1_u8..) {
            let mut compressed = member(&content);
            let at = at.index(compressed.len());
            compressed[at] ^= flip;
            if let Some(bytes) = whole(&compressed) {
                prop_assert_eq!(stream(&compressed), complete(&bytes));
            }
        }
    }
}
