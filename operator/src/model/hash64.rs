//! 64-bit hashes of values that are only compared.

use std::{
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
    num::NonZeroU64,
};

/// The hash of a value, for comparison within one process.
///
/// Never zero, so that an `Option` needs no more memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Hash64(NonZeroU64);

impl fmt::Display for Hash64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Hash64 {
    pub(crate) fn new(value: &(impl Hash + ?Sized)) -> Self {
        let mut hasher = DefaultHasher::new();
        value.hash(&mut hasher);
        Self(NonZeroU64::new(hasher.finish()).unwrap_or(NonZeroU64::MIN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_of_equal_values_is_equal() {
        assert_eq!(Hash64::new("a"), Hash64::new(&"a".to_owned()));
        assert_ne!(Hash64::new("a"), Hash64::new("b"));
    }

    #[test]
    fn optional_hash_has_eight_bytes() {
        assert_eq!(size_of::<Option<Hash64>>(), 8);
    }
}
