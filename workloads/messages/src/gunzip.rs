//! Compressed payloads.

use std::{
    borrow::Cow,
    io::{self, Read as _},
};

use flate2::read::MultiGzDecoder;
use snafu::{ResultExt, Snafu, ensure};

/// First bytes of a gzip file.
const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Largest payload after decompression. Real ones have some megabytes; a record of 1 MB could hold a gigabyte of zeros.
const MAX_BYTES: usize = 64 << 20;

/// A payload can't be decompressed.
#[derive(Debug, Snafu)]
pub enum DecompressError {
    /// It is damaged.
    #[snafu(display("not a complete gzip file"))]
    Damaged {
        /// The cause.
        source: io::Error,
    },
    /// It would take too much memory.
    #[snafu(display("more than {} MiB after decompression", MAX_BYTES >> 20))]
    TooLarge,
}

/// Decompresses a payload that is a gzip file, recognised by its first bytes; returns any other as it is.
pub fn decompress(payload: &[u8]) -> Result<Cow<'_, [u8]>, DecompressError> {
    if !payload.starts_with(&MAGIC) {
        return Ok(Cow::Borrowed(payload));
    }
    let mut bytes = Vec::new();
    let limit = MAX_BYTES as u64 + 1;
    MultiGzDecoder::new(payload).take(limit).read_to_end(&mut bytes).context(DamagedSnafu)?;
    ensure!(bytes.len() <= MAX_BYTES, TooLargeSnafu);
    Ok(Cow::Owned(bytes))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn gzip_file_is_decompressed_and_anything_else_is_kept() {
        assert_eq!(&*decompress(&gzip(b"{}")).unwrap(), b"{}");
        assert_eq!(&*decompress(b"{}").unwrap(), b"{}");
        assert_eq!(&*decompress(b"").unwrap(), b"");
    }

    #[test]
    fn damaged_or_huge_file_is_an_error() {
        let whole = gzip(b"{}");
        assert!(matches!(decompress(&whole[..whole.len() - 4]), Err(DecompressError::Damaged { .. })));
        let bomb = gzip(&vec![0; MAX_BYTES + 1]);
        assert_eq!(decompress(&bomb).unwrap_err().to_string(), "more than 64 MiB after decompression");
    }
}
