//! The size of the content as an archive states it: cheap to read, and untrue at worst.

use crate::Format;

/// No deflate stream expands further than this: 258 bytes for each 2 bits (RFC 1951).
pub(crate) const MAX_DEFLATE_RATIO: u64 = 1032;

/// Returns the size of the content, in bytes, that an archive states; `None` when its format does not state it.
///
/// Nothing is unpacked. gzip (RFC 1952) ends with the size of its last member modulo 4 GiB; a number that deflate cannot
/// reach is not taken for one. xz ends with an index of its blocks. A tar archive is its own content. A zip archive states
/// a size for each member, which [`Archive::read`](crate::Archive::read) checks while it reads the directory.
///
/// ```
/// use ccx_archive::stated_content_bytes;
///
/// assert_eq!(stated_content_bytes(b"\x1f\x8b ... the compressed content ... \x39\x05\0\0"), Some(1337));
/// assert_eq!(stated_content_bytes(b"BZh9 ... bzip2 states no size"), None);
/// ```
pub fn stated_content_bytes(archive: &[u8]) -> Option<u64> {
    match Format::detect(archive)? {
        Format::Tar => Some(archive.len() as u64),
        Format::Gzip => gzip_member_bytes(archive),
        Format::Xz => xz_stream_bytes(archive),
        Format::Bzip2 | Format::Zip => None,
    }
}

fn gzip_member_bytes(archive: &[u8]) -> Option<u64> {
    let stated = u64::from(u32::from_le_bytes(*archive.last_chunk()?));
    let possible = (archive.len() as u64).saturating_mul(MAX_DEFLATE_RATIO);
    (stated <= possible).then_some(stated)
}

/// The uncompressed sizes in the index of the last stream ("The .xz File Format", sections 2.1.2 and 4).
fn xz_stream_bytes(archive: &[u8]) -> Option<u64> {
    const FOOTER_BYTES: usize = 12;
    let (before_footer, footer) = archive.split_at_checked(archive.len().checked_sub(FOOTER_BYTES)?)?;
    let [_, _, _, _, size0, size1, size2, size3, _, _, b'Y', b'Z'] = *footer else { return None };
    let backward_size = u32::from_le_bytes([size0, size1, size2, size3]);
    let index_bytes = usize::try_from((u64::from(backward_size) + 1) * 4).ok()?;
    let index = &before_footer[before_footer.len().checked_sub(index_bytes)?..];
    let mut numbers = index.strip_prefix(&[0])?;
    let blocks = next_number(&mut numbers)?;
    let mut total = 0_u64;
    for _ in 0..blocks {
        let _unpadded_bytes = next_number(&mut numbers)?;
        total = total.saturating_add(next_number(&mut numbers)?);
    }
    Some(total)
}

/// The next number of variable length: 7 bits a byte, the lowest first, the highest bit says that more follow.
fn next_number(bytes: &mut &[u8]) -> Option<u64> {
    const MAX_BYTES: usize = 9;
    let mut number = 0;
    for position in 0..MAX_BYTES {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << (7 * position);
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn gzip(stated_bytes: u32, len: usize) -> Vec<u8> {
        let mut archive = vec![0; len];
        archive[..2].copy_from_slice(&[0x1f, 0x8b]);
        archive[len - 4..].copy_from_slice(&stated_bytes.to_le_bytes());
        archive
    }

    #[test]
    fn gzip_states_the_size_of_its_member() {
        assert_eq!(stated_content_bytes(&gzip(1_440_014, 163_106)), Some(1_440_014));
    }

    #[test]
    fn gzip_size_beyond_what_deflate_can_reach_is_not_one() {
        assert_eq!(stated_content_bytes(&gzip(1_032_000, 1000)), Some(1_032_000));
        assert_eq!(stated_content_bytes(&gzip(1_032_001, 1000)), None);
    }

    #[test]
    fn xz_states_the_sizes_of_its_blocks() {
        for size in [0, 1, 127, 128, 1_000_000] {
            let mut xz = Vec::new();
            let content = vec![b'x'; size];
            liblzma::bufread::XzEncoder::new(content.as_slice(), 0).read_to_end(&mut xz).unwrap();
            assert_eq!(stated_content_bytes(&xz), Some(size as u64));
            for cut in 6..xz.len() {
                assert_ne!(stated_content_bytes(&xz[..cut]), Some(1 << 40), "never panics");
            }
        }
    }

    #[test]
    fn other_bytes_state_no_size() {
        for bytes in [b"PK\x03\x04 and more".as_slice(), b"BZh9", b"<html>", b""] {
            assert_eq!(stated_content_bytes(bytes), None);
        }
    }
}
