//! Credentials that were replaced while a client was using them.

use std::{
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use ccx_config::Kafka;

/// A digest of the files that a client authenticates with. librdkafka reads them once, when the client is created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Credentials(u64);

impl Credentials {
    /// Reads the password, the certificates and the key of `settings`, as far as they are files.
    pub(super) fn read(settings: &Kafka) -> Self {
        let files =
            [&settings.sasl_password_file, &settings.certificate_file, &settings.key_file, &settings.ca_file];
        let mut digest = DefaultHasher::new();
        for file in files {
            file.as_ref().and_then(|path| fs::read(path).ok()).hash(&mut digest);
        }
        Self(digest.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaced_password_is_another_digest() {
        let folder = std::env::temp_dir().join(format!("ccx-credentials-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("password");
        let settings = Kafka { sasl_password_file: Some(file.clone()), ..Kafka::default() };
        fs::write(&file, "old").unwrap();
        let old = Credentials::read(&settings);
        assert_eq!(Credentials::read(&settings), old);
        fs::write(&file, "new").unwrap();
        assert_ne!(Credentials::read(&settings), old);
        fs::remove_dir_all(&folder).unwrap();
    }
}
