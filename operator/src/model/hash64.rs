//! What is only ever compared is kept as eight bytes.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    num::NonZeroU64,
};

/// The fingerprint of a value. Of two values of one object, or of two owners, none is expected to share one in the life of a process.
///
/// Never zero, so that one which may be absent needs no more room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Hash64(NonZeroU64);

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
    fn the_same_value_has_the_same_fingerprint_and_another_one_has_not() {
        assert_eq!(Hash64::new("a"), Hash64::new(&"a".to_owned()));
        assert_ne!(Hash64::new("a"), Hash64::new("b"));
    }

    #[test]
    fn one_that_may_be_absent_needs_no_more_room() {
        assert_eq!(size_of::<Option<Hash64>>(), 8);
    }
}
