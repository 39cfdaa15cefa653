//! The format of an archive, by its first bytes and never by a file's name.

use strum::Display;

use crate::untar;

/// The format in which an archive is packed.
///
/// ```
/// use ccx_archive::Format;
///
/// assert_eq!(Format::detect(b"\x1f\x8b\x08\0"), Some(Format::Gzip));
/// assert_eq!(Format::detect(b"<html>"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display)]
#[strum(serialize_all = "lowercase")]
pub enum Format {
    /// A tar archive, not compressed.
    Tar,
    /// A tar archive in gzip (RFC 1952), as the in-cluster operator sends it.
    Gzip,
    /// A tar archive in bzip2.
    Bzip2,
    /// A tar archive in xz.
    Xz,
    /// A zip archive.
    Zip,
}

impl Format {
    /// Returns the format of `bytes`, if it is a known one.
    pub fn detect(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Some(Self::Bzip2),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            // A local file header, or the end of an empty archive's directory.
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Some(Self::Zip),
            _ if untar::is_tar(bytes) => Some(Self::Tar),
            _ => None,
        }
    }
}
