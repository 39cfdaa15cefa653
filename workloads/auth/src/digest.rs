//! Digests of credentials, so that no table or cache holds a credential.

use sha2::{Digest as _, Sha256};

/// The SHA-256 of a credential.
#[derive(Clone, Copy)]
pub(crate) struct TokenDigest([u8; 32]);

/// A digest that depends on a random number of this process: how long a search for it takes tells nothing about the credential.
pub(crate) type BlindedDigest = [u8; 32];

/// Blinds digests with a random number.
#[derive(Clone)]
pub(crate) struct Blinding([u8; 32]);

impl TokenDigest {
    /// Digests a credential.
    pub(crate) fn new(credential: &str) -> Self {
        Self(Sha256::digest(credential).into())
    }

    /// Parses 64 hexadecimal digits.
    pub(crate) fn from_hex(text: &str) -> Option<Self> {
        let is_hex = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let mut digest = [0; 32];
        for (index, byte) in digest.iter_mut().enumerate().filter(|_| is_hex) {
            *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
        }
        is_hex.then_some(Self(digest))
    }
}

impl Blinding {
    /// Creates a blinding of its own.
    pub(crate) fn random() -> Self {
        Self(rand::random())
    }

    /// Blinds a digest.
    pub(crate) fn blind(&self, TokenDigest(digest): TokenDigest) -> BlindedDigest {
        Sha256::new().chain_update(self.0).chain_update(digest).finalize().into()
    }
}

/// Compares two digests in a time that does not depend on where they differ.
pub(crate) fn equal_in_constant_time(a: &BlindedDigest, b: &BlindedDigest) -> bool {
    a.iter().zip(b).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_digest_is_that_of_the_token() {
        let hex = "3c469e9d6c5875d37a43f353d4f88e61fcf812c66eee3457465a40b0da4153e0"; // printf token | sha256sum
        assert_eq!(TokenDigest::from_hex(hex).unwrap().0, TokenDigest::new("token").0);
        assert_eq!(TokenDigest::from_hex(&hex.to_uppercase()).unwrap().0, TokenDigest::new("token").0);
        assert!(
            TokenDigest::from_hex(&hex[1..]).is_none() && TokenDigest::from_hex(&"ü".repeat(32)).is_none()
        );
    }

    #[test]
    fn blinded_digests_of_one_token_are_equal_within_one_blinding_only() {
        let (one, other) = (Blinding::random(), Blinding::random());
        let token = TokenDigest::new("token");
        assert!(equal_in_constant_time(&one.blind(token), &one.blind(token)));
        assert!(!equal_in_constant_time(&one.blind(token), &other.blind(token)));
        assert!(!equal_in_constant_time(&one.blind(token), &one.blind(TokenDigest::new("tokem"))));
    }
}
