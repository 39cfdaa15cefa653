//! Looking up what the spec refers to.

use std::collections::BTreeMap;

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

/// What stands in for something that is not there yet, or that nobody has looked for.
const UNKNOWN: &str = "unknown";

/// A Secret that the spec names.
pub(super) struct SecretSource<'a> {
    field: &'a str,
    name: &'a str,
    secret: Option<&'a Secret>,
}

impl<'a> SecretSource<'a> {
    /// The Secret `name` that `field` of the spec refers to.
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

    /// A fingerprint of the key's value; a problem when it isn't there.
    pub(super) fn fingerprint(&self, key: &str, problems: &mut Problems) -> InputDigest {
        let Some(secret) = self.secret else { return of_secret(self.name, UNKNOWN.into()) };
        let Some(ByteString(value)) = secret.data.as_ref().and_then(|data| data.get(key)) else {
            problems.push(Reason::SecretMissing, self.missing_key(secret, key));
            return of_secret(self.name, UNKNOWN.into());
        };
        fingerprint(self.name, secret, key, value)
    }

    fn missing_key(&self, secret: &Secret, key: &str) -> String {
        let keys: Vec<&str> = secret.data.iter().flat_map(BTreeMap::keys).map(String::as_str).collect();
        let has = if keys.is_empty() { "no keys".to_owned() } else { keys.join(", ") };
        format!(
            "Secret {} has no key {key:?}, only {has}; add it, or name another key in {}",
            self.name, self.field
        )
    }

    /// The keys as files of a volume.
    pub(super) fn mount(&self, volume: &str, files: &[(&str, &str)]) -> Mount {
        let files = files.iter().map(|(key, file)| ((*key).to_owned(), (*file).to_owned())).collect();
        let source = MountSource::Secret { name: self.name.to_owned(), files };
        Mount { volume: volume.to_owned(), path: mount_paths::folder(volume), source }
    }

    /// The key as a variable.
    pub(super) fn variable(&self, name: &str, key: &str) -> EnvVar {
        let selector = SecretKeySelector { name: self.name.to_owned(), key: key.to_owned(), optional: None };
        let source = EnvVarSource { secret_key_ref: Some(selector), ..EnvVarSource::default() };
        EnvVar { name: name.to_owned(), value: None, value_from: Some(source) }
    }
}

/// A fingerprint that nobody can search a short password for who may see pods but not Secrets: it is salted with what only readers of
/// Secrets know.
pub(super) fn fingerprint(name: &str, secret: &Secret, key: &str, value: &[u8]) -> InputDigest {
    let salt = secret.metadata.uid.as_deref().unwrap_or_default();
    of_secret(name, Digest::default().field(salt).field(key).field(value).finish())
}

fn of_secret(name: &str, digest: String) -> InputDigest {
    InputDigest { object: format!("Secret {name}"), digest }
}

/// A fingerprint of the data of a ConfigMap that the spec names, of one key or of all; a problem when it isn't there.
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
        let message = format!("ConfigMap {name} has no key {key:?}; add it, or name another key in {field}");
        problems.push(Reason::SecretMissing, message);
    }
    of_config_map(data_digest(config_map, key))
}

/// The ConfigMap `name` that `field` of the spec refers to; a problem when it isn't there.
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

/// The digest of a ConfigMap's data, of one key or of all.
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
