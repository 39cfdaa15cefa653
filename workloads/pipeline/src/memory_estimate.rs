//! The memory that the content of an archive will take, estimated before it is unpacked.
//!
//! An estimate only avoids waits in the middle: what really comes out is charged to the budget while it comes.

use ccx_archive::{Format, Limits, stated_content_bytes};

/// The usual ratio of JSON and logs, for formats that do not state the size of their content.
const USUAL_RATIO: u64 = 12;

/// Returns the memory, in bytes, that unpacking takes beside the upload itself; never more than `limits` allow.
///
/// A plain tar archive is used where it lies. gzip and xz state a size; for the other formats it is a guess.
pub(crate) fn content_bytes(upload: &[u8], limits: &Limits) -> u64 {
    let upload_bytes = upload.len() as u64;
    let estimate = match Format::detect(upload) {
        None | Some(Format::Tar) => 0,
        Some(_) => stated_content_bytes(upload).unwrap_or(upload_bytes.saturating_mul(USUAL_RATIO)),
    };
    estimate.min(limits.content_bytes(upload_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(unpacked_bytes: u64) -> Limits {
        Limits { unpacked_bytes, ..Limits::default() }
    }

    fn upload(magic: &[u8], stated_bytes: u32) -> Vec<u8> {
        [magic, &[0; 1000], &stated_bytes.to_le_bytes()].concat()
    }

    #[test]
    fn stated_size_is_the_estimate_within_the_limit() {
        assert_eq!(content_bytes(&upload(b"\x1f\x8b", 100_014), &limits(1 << 29)), 100_014);
        assert_eq!(content_bytes(&upload(b"\x1f\x8b", 100_014), &limits(512)), 512);
    }

    #[test]
    fn format_without_stated_size_is_guessed() {
        assert_eq!(content_bytes(&upload(b"PK\x03\x04", 0), &limits(1 << 29)), 1008 * 12);
    }

    #[test]
    fn bytes_that_are_not_an_archive_take_nothing() {
        assert_eq!(content_bytes(b"<html>", &limits(1 << 29)), 0);
        assert_eq!(content_bytes(b"", &limits(1 << 29)), 0);
    }
}
