//! How much memory an archive will take once it is unpacked, told before it is.

use ccx_archive::{Format, Limits};

/// Deflate can't do better than 1032 to 1 (RFC 1951: 258 bytes out of two bits).
const MAX_DEFLATE_RATIO: u64 = 1032;

/// What JSON and logs usually compress to with the formats that don't say how large their content is.
const USUAL_RATIO: u64 = 12;

/// The memory, in bytes, that unpacking takes beside the archive itself; never more than `limits` allow.
///
/// gzip ends with the size of its content, modulo 4 GiB: cheap to read, and a lie at worst. A plain tar archive is used where it
/// lies. For the other formats it is a guess.
pub(crate) fn unpacked_bytes(archive: &[u8], limits: &Limits) -> u64 {
    let compressed = archive.len() as u64;
    let estimate = match Format::detect(archive) {
        None | Some(Format::Tar) => 0,
        Some(Format::Gzip) => gzip_content_bytes(archive).min(compressed.saturating_mul(MAX_DEFLATE_RATIO)),
        Some(Format::Bzip2 | Format::Xz | Format::Zip) => compressed.saturating_mul(USUAL_RATIO),
    };
    estimate.min(limits.unpacked_bytes)
}

/// The last four bytes, little endian (RFC 1952, ISIZE).
fn gzip_content_bytes(archive: &[u8]) -> u64 {
    archive.last_chunk().map_or(0, |trailer| u64::from(u32::from_le_bytes(*trailer)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(unpacked_bytes: u64) -> Limits {
        Limits { unpacked_bytes, ..Limits::default() }
    }

    fn gzip(claimed_bytes: u32, len: usize) -> Vec<u8> {
        let mut archive = vec![0; len];
        archive[..2].copy_from_slice(&[0x1f, 0x8b]);
        archive[len - 4..].copy_from_slice(&claimed_bytes.to_le_bytes());
        archive
    }

    #[test]
    fn gzip_says_how_large_its_content_is() {
        assert_eq!(unpacked_bytes(&gzip(1_440_014, 163_106), &limits(1 << 29)), 1_440_014);
    }

    #[test]
    fn a_claim_is_held_against_what_is_possible_and_what_is_allowed() {
        assert_eq!(unpacked_bytes(&gzip(u32::MAX, 1000), &limits(u64::MAX)), 1_032_000);
        assert_eq!(unpacked_bytes(&gzip(u32::MAX, 1000), &limits(512)), 512);
    }

    #[test]
    fn other_formats_are_guessed_and_what_is_no_archive_weighs_nothing() {
        let mut zip = vec![0; 100];
        zip[..4].copy_from_slice(b"PK\x03\x04");
        assert_eq!(unpacked_bytes(&zip, &limits(1 << 29)), 1200);
        assert_eq!(unpacked_bytes(b"<html>", &limits(1 << 29)), 0);
        assert_eq!(unpacked_bytes(b"", &limits(1 << 29)), 0);
    }
}
