//! Digests of sets of files.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// The SHA-256 of a set of files, such as a content tree or a rule set: equal for equal files, independent of their directory.
///
/// It is displayed in hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Returns the digest of parts. The boundaries between parts count.
    pub fn from_parts<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// Returns the digest of one tree on top of another.
    pub(crate) fn over(self, below: Self) -> Self {
        Self::from_parts([&self.0[..], &below.0[..]])
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_is_displayed_in_hexadecimal() {
        // printf '\0\0\0\0\0\0\0\3abc' | sha256sum
        let expected = "c3494ca1a2cf8eeb8a11ded316fb55b83c3bbbedb6313cd50415251e5d09e12f";
        let digest = Digest::from_parts([&b"abc"[..]]).to_string();
        assert_eq!(digest, expected);
    }
}
