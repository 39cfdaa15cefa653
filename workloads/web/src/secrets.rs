//! The keys of the page, derived from secrets that all replicas have.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    hmac,
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

/// The secrets of the page: the first protects what is new, all are accepted.
pub(crate) struct Secrets(Vec<hmac::Key>);

impl Secrets {
    /// Creates the keys of secrets, the current one first.
    pub(crate) fn new(secrets: &[Vec<u8>]) -> Self {
        Self(secrets.iter().map(|secret| hmac::Key::new(hmac::HMAC_SHA256, secret)).collect())
    }

    /// Derives a key for a purpose from each secret.
    pub(crate) fn derive(&self, purpose: &str) -> Vec<hmac::Key> {
        let key = |root| hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(root, purpose.as_bytes()).as_ref());
        self.0.iter().map(key).collect()
    }

    /// Returns the encryption of texts for a purpose.
    pub(crate) fn sealer(&self, purpose: &str) -> Sealer {
        let key = |root| RandomizedNonceKey::new(&AES_256_GCM, hmac::sign(root, purpose.as_bytes()).as_ref());
        Sealer(self.0.iter().filter_map(|root| key(root).ok()).collect())
    }
}

/// Encrypts and authenticates texts that a browser keeps (AES-256-GCM).
pub(crate) struct Sealer(Vec<RandomizedNonceKey>);

impl Sealer {
    /// Encrypts a text for URLs and cookies. It can be opened only with the same `context`.
    pub(crate) fn seal(&self, context: &str, text: &[u8]) -> Option<String> {
        let mut sealed = text.to_vec();
        let key = self.0.first()?;
        let nonce = key.seal_in_place_append_tag(Aad::from(context.as_bytes()), &mut sealed).ok()?;
        sealed.splice(0..0, nonce.as_ref().iter().copied());
        Some(BASE64_URL_SAFE_NO_PAD.encode(sealed))
    }

    /// Decrypts a text; `None` if it was not sealed with one of the secrets and this context.
    pub(crate) fn open(&self, context: &str, sealed: &str) -> Option<Vec<u8>> {
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN)?;
        self.0.iter().find_map(|key| {
            let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
            let mut text = text.to_vec();
            let length = key.open_in_place(nonce, Aad::from(context.as_bytes()), &mut text).ok()?.len();
            text.truncate(length);
            Some(text)
        })
    }
}

/// Returns a random text of 43 characters for URLs: 256 bits.
pub(crate) fn random_text() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(secrets: &[&[u8]]) -> Sealer {
        Secrets::new(&secrets.iter().map(|secret| secret.to_vec()).collect::<Vec<_>>()).sealer("test")
    }

    #[test]
    fn sealed_text_opens_with_its_context_only() {
        let one = keys(&[b"one"]);
        let sealed = one.seal("a", b"text").unwrap();
        assert_eq!(one.open("a", &sealed).as_deref(), Some(&b"text"[..]));
        assert_ne!(one.seal("a", b"text").unwrap(), sealed, "each has its own nonce");
        assert_eq!(one.open("b", &sealed), None);
        let mut changed = sealed.clone().into_bytes();
        changed[20] = if changed[20] == b'A' { b'B' } else { b'A' };
        for other in [std::str::from_utf8(&changed).unwrap(), "", "?", &sealed[..20]] {
            assert_eq!(one.open("a", other), None, "{other}");
        }
    }

    #[test]
    fn earlier_secret_is_accepted_until_it_is_removed() {
        let before = keys(&[b"old"]).seal("a", b"text").unwrap();
        assert!(keys(&[b"new", b"old"]).open("a", &before).is_some());
        let after = keys(&[b"new", b"old"]).seal("a", b"text").unwrap();
        assert!(keys(&[b"new"]).open("a", &after).is_some());
        assert_eq!(keys(&[b"new"]).open("a", &before), None);
    }
}
