//! Short fingerprints of configuration, for names and annotations.

use sha2::{Digest as _, Sha256};

/// How many hexadecimal digits a fingerprint has: 64 bits, enough that two versions of one object never share one.
const DIGITS: usize = 16;

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

    /// The fingerprint, in lower-case hexadecimal digits.
    pub fn finish(self) -> String {
        let bytes = self.0.finalize();
        bytes.iter().take(DIGITS / 2).map(|byte| format!("{byte:02x}")).collect()
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
        assert_ne!(Digest::default().field("ab").field("c").finish(), Digest::default().field("a").field("bc").finish());
    }
}
