//! Short fingerprints of configuration, for names and annotations.

use sha2::{Digest as _, Sha256};

/// Collects fields and makes a fingerprint of them. The same fields in the same order give the same one, in every release.
#[derive(Clone, Debug, Default)]
pub struct Digest(Sha256);

impl Digest {
    /// With one more field. `("ab", "c")` and `("a", "bc")` are different.
    #[must_use]
    pub fn field(mut self, field: impl AsRef<[u8]>) -> Self {
        let field = field.as_ref();
        self.0.update((field.len() as u64).to_be_bytes());
        self.0.update(field);
        self
    }

    /// The fingerprint, in lower-case hexadecimal digits: 64 bits, enough that two versions of one object never share one.
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
    fn a_fingerprint_never_changes_between_releases() {
        assert_eq!(Digest::default().field("a").field("b").finish(), "3c9d591045bc8876");
    }

    #[test]
    fn the_border_between_fields_counts() {
        assert_ne!(
            Digest::default().field("ab").field("c").finish(),
            Digest::default().field("a").field("bc").finish()
        );
    }
}
