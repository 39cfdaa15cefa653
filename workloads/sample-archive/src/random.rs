//! Numbers that look random and are the same each time.

/// `SplitMix64`: small, fast, and fixed for ever, which no crate promises of its default generator.
pub(crate) struct Random(u64);

impl Random {
    /// A generator of its own for each `topic`, so that more nodes don't change what the pods are called.
    pub(crate) fn new(seed: u64, topic: &str) -> Self {
        let mut random = Self(seed);
        for byte in topic.bytes() {
            random.0 ^= u64::from(byte);
            random.next();
        }
        random
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not zero.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// One of `choices`, which are not empty.
    pub(crate) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        let position = self.below(choices.len() as u64);
        &choices[usize::try_from(position).unwrap_or(0)]
    }

    /// Characters as Kubernetes appends them to the names of pods.
    pub(crate) fn suffix(&mut self, length: usize) -> String {
        const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
        (0..length).map(|_| char::from(*self.pick(ALPHABET))).collect()
    }

    /// A UUID in its usual form.
    pub(crate) fn uuid(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            0x8000 | (low >> 48) & 0x3fff,
            low & 0xffff_ffff_ffff
        )
    }

    /// The digest of an image.
    pub(crate) fn sha256(&mut self) -> String {
        let [a, b, c, d] = std::array::from_fn(|_| self.next());
        format!("{a:016x}{b:016x}{c:016x}{d:016x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seed_and_topic_give_equal_numbers() {
        assert_eq!(Random::new(1, "pods").next(), Random::new(1, "pods").next());
        assert_ne!(Random::new(1, "pods").next(), Random::new(1, "nodes").next());
        assert_ne!(Random::new(1, "pods").next(), Random::new(2, "pods").next());
    }

    #[test]
    fn random_uuid_has_version_4() {
        let uuid = Random::new(1, "").uuid();
        assert_eq!(uuid.len(), 36);
        assert_eq!(uuid.as_bytes()[14], b'4');
        assert!(matches!(uuid.as_bytes()[19], b'8' | b'9' | b'a' | b'b'), "{uuid}");
    }
}
