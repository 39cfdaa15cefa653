//! What a tree is known by.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// The SHA-256 of a content tree: the same for the same files, wherever they lie. Written in hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of parts; where one ends and the next begins matters.
    pub(crate) fn of<'a>(parts: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// The digest of one tree over another.
    pub(crate) fn over(self, below: Self) -> Self {
        Self::of([&self.0[..], &below.0[..]].into_iter())
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
    fn a_digest_is_written_in_hexadecimal() {
        // printf '\0\0\0\0\0\0\0\3abc' | sha256sum
        let expected = "c3494ca1a2cf8eeb8a11ded316fb55b83c3bbbedb6313cd50415251e5d09e12f";
        let digest = Digest::of([&b"abc"[..]].into_iter()).to_string();
        assert_eq!(digest, expected);
    }
}
