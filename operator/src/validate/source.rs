//! Looks up references of the spec.

use k8s_openapi::{
    ByteString,
    api::core::v1::{ConfigMap, EnvVar, EnvVarSource, Secret, SecretKeySelector},
};

use crate::{
    model::{
        digest::Digest,
        input_digest::InputDigest,
        mount_paths,
        reason::Reason,
        references::{Knowledge, References},
        validated::{Mount, MountSource},
    },
    validate::problems::Problems,
};

/// Replaces the digest of an object that does not exist or was not looked up.
const UNKNOWN: &str = "unknown";

/// Returns the digest of the value that a variable takes from a Secret. An optional one may be absent.
pub(super) fn secret_variable(
    field: &str,
    name: &str,
    key: &str,
    is_optional: bool,
    references: &References,
    problems: &mut Problems,
) -> InputDigest {
    let secret = references.secrets.get(name).and_then(Option::as_ref);
    let has_key =
        secret.is_some_and(|secret| secret.data.as_ref().is_some_and(|data| data.contains_key(key)));
    if is_optional && !has_key {
        return secret_digest(name, UNKNOWN.into());
    }
    SecretSource::find(field, name, references, problems).fingerprint_or_empty(key, problems)
}

/// A referenced Secret.
pub(super) struct SecretSource<'a> {
    field: &'a str,
    name: &'a str,
    secret: Option<&'a Secret>,
}

impl<'a> SecretSource<'a> {
    /// Returns the Secret `name` that `field` of the spec refers to.
    pub(super) fn find(
        field: &'a str,
        name: &'a str,
        references: &'a References,
        problems: &mut Problems,
    ) -> Self {
        let secret = references.secrets.get(name).and_then(Option::as_ref);
        if secret.is_none() && references.knowledge == Knowledge::Complete {
            let message = format!(
                "Secret {name}, which {field} names, does not exist; create it in the same namespace"
            );
            problems.push(Reason::SecretMissing, message);
        }
        Self { field, name, secret }
    }

    /// Returns the digest of the value of a key; adds a problem when it is missing or empty.
    pub(super) fn fingerprint(&self, key: &str, problems: &mut Problems) -> InputDigest {
        let data = self.secret.and_then(|secret| secret.data.as_ref());
        if data.and_then(|data| data.get(key)).is_some_and(|value| value.0.is_empty()) {
            let message = format!(
                "the key \"{key}\" of Secret {} is empty; set it, or name another key in {}",
                self.name, self.field
            );
            problems.push(Reason::SecretMissing, message);
        }
        self.fingerprint_or_empty(key, problems)
    }

    /// Returns the digest of the value of a key, which may be empty; adds a problem when it is missing.
    pub(super) fn fingerprint_or_empty(&self, key: &str, problems: &mut Problems) -> InputDigest {
        let Some(secret) = self.secret else { return secret_digest(self.name, UNKNOWN.into()) };
        let Some(ByteString(value)) = secret.data.as_ref().and_then(|data| data.get(key)) else {
            problems.push(Reason::SecretMissing, self.missing_key(key));
            return secret_digest(self.name, UNKNOWN.into());
        };
        fingerprint(self.name, secret, key, value)
    }

    /// Does not list the keys that exist: who may create a resource may not be allowed to read Secrets.
    fn missing_key(&self, key: &str) -> String {
        format!("Secret {} has no key \"{key}\"; add it, or name another key in {}", self.name, self.field)
    }

    /// Returns a volume with the keys as files.
    pub(super) fn mount(&self, volume: &str, files: &[(&str, &str)]) -> Mount {
        let files = files.iter().map(|(key, file)| ((*key).to_owned(), (*file).to_owned())).collect();
        let source = MountSource::Secret { name: self.name.to_owned(), files };
        Mount { volume: volume.to_owned(), path: mount_paths::folder(volume), source }
    }

    /// Returns a variable with the value of the key.
    pub(super) fn variable(&self, name: &str, key: &str) -> EnvVar {
        let selector = SecretKeySelector { name: self.name.to_owned(), key: key.to_owned(), optional: None };
        let source = EnvVarSource { secret_key_ref: Some(selector), ..EnvVarSource::default() };
        EnvVar { name: name.to_owned(), value: None, value_from: Some(source) }
    }
}

/// The rounds of a digest of a secret value. They make guessing a password as much slower, and take 0.2 ms.
const ROUNDS: usize = 1024;

/// Returns the digest of a secret value, which a user who can read pods but not Secrets can see. It depends on
/// the value and on where it is, so that a Secret that is recreated with the same data restarts no pod, and equal
/// passwords have different digests.
pub(super) fn fingerprint(name: &str, secret: &Secret, key: &str, value: &[u8]) -> InputDigest {
    let namespace = secret.metadata.namespace.as_deref().unwrap_or_default();
    let salted = Digest::default().field(namespace).field(name).field(key).field(value);
    secret_digest(name, salted.stretched(ROUNDS).finish())
}

fn secret_digest(name: &str, digest: String) -> InputDigest {
    InputDigest { object: format!("Secret {name}"), digest }
}

/// Returns the digest of a referenced ConfigMap, of one key or of all; adds a problem when it is missing.
pub(super) fn config_map_fingerprint(
    field: &str,
    name: &str,
    key: Option<&str>,
    references: &References,
    problems: &mut Problems,
) -> InputDigest {
    let of_config_map = |digest| InputDigest { object: format!("ConfigMap {name}"), digest };
    let Some(config_map) = require_config_map(field, name, references, problems) else {
        return of_config_map(UNKNOWN.into());
    };
    if let Some(key) = key.filter(|key| !has_key(config_map, key)) {
        let message =
            format!("ConfigMap {name} has no key \"{key}\"; add it, or name another key in {field}");
        problems.push(Reason::SecretMissing, message);
    }
    of_config_map(data_digest(config_map, key))
}

/// Returns the ConfigMap `name` that `field` of the spec refers to; adds a problem when it is missing.
pub(super) fn require_config_map<'a>(
    field: &str,
    name: &str,
    references: &'a References,
    problems: &mut Problems,
) -> Option<&'a ConfigMap> {
    let found = references.config_maps.get(name).and_then(Option::as_ref);
    if found.is_none() && references.knowledge == Knowledge::Complete {
        let message =
            format!("ConfigMap {name}, which {field} names, does not exist; create it in the same namespace");
        problems.push(Reason::SecretMissing, message);
    }
    found
}

/// Returns the digest of the data of a ConfigMap, of one key or of all.
fn data_digest(config_map: &ConfigMap, key: Option<&str>) -> String {
    let is_wanted = |name: &str| key.is_none_or(|key| key == name);
    let texts = config_map.data.iter().flatten().map(|(name, text)| (name, text.as_bytes()));
    let bytes =
        config_map.binary_data.iter().flatten().map(|(name, ByteString(bytes))| (name, bytes.as_slice()));
    let wanted = texts.chain(bytes).filter(|(name, _)| is_wanted(name));
    wanted.fold(Digest::default(), |digest, (name, value)| digest.field(name).field(value)).finish()
}

fn has_key(config_map: &ConfigMap, key: &str) -> bool {
    let in_text = config_map.data.as_ref().is_some_and(|data| data.contains_key(key));
    in_text || config_map.binary_data.as_ref().is_some_and(|data| data.contains_key(key))
}
