//! Short digests of configuration, for names and annotations.

use sha2::{Digest as _, Sha256};

/// The digest of a sequence of fields, the same in every release.
#[derive(Clone, Debug, Default)]
pub struct Digest(Sha256);

impl Digest {
    /// Appends a field. `("ab", "c")` and `("a", "bc")` differ.
    #[must_use]
    pub fn field(mut self, field: impl AsRef<[u8]>) -> Self {
        let field = field.as_ref();
        self.0.update((field.len() as u64).to_be_bytes());
        self.0.update(field);
        self
    }

    /// Repeats the digest, so that guessing its fields takes as many times longer.
    #[must_use]
    pub(crate) fn stretched(self, rounds: usize) -> Self {
        (0..rounds).fold(self, |digest, _| Self(Sha256::new().chain_update(digest.0.finalize())))
    }

    /// Returns 64 bits of the SHA-256 in lower-case hexadecimal digits: enough that versions of one object
    /// don't collide.
    pub fn finish(self) -> String {
        let hash = self.0.finalize();
        let number = hash.iter().take(8).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
        format!("{number:016x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_of_fields_is_stable() {
        assert_eq!(Digest::default().field("a").field("b").finish(), "3c9d591045bc8876");
    }

    #[test]
    fn digest_depends_on_field_boundaries() {
        assert_ne!(
            Digest::default().field("ab").field("c").finish(),
            Digest::default().field("a").field("bc").finish()
        );
    }
}
