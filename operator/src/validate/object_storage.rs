//! `spec.objectStorage`

use ccx_config as config;
use ccx_crds::{Addressing, CcxPipelineSpec, CredentialsType, LinkPolicy, ObjectStorage};

use crate::{
    model::{input::Input, mount_paths::file, reason::Reason, references::References, validated::Access},
    validate::{kafka::path, problems::Problems, source::SecretSource},
};

/// The default port of `https` endpoints.
const HTTPS: u16 = 443;
const HTTP: u16 = 80;

/// Returns the connection to the object storage.
pub(super) fn object_storage(
    spec: &CcxPipelineSpec,
    references: &References,
    problems: &mut Problems,
) -> Access<config::ObjectStorage> {
    let storage = &spec.object_storage;
    let before = problems.count();
    let mut access = Access { config: section(storage), ..Access::default() };
    access.ports.extend(port(storage, problems));
    if storage.credentials.kind == CredentialsType::Secret {
        authenticate(storage, references, &mut access, problems);
    }
    if let Some(reference) = &storage.ca_secret_ref {
        const VOLUME: &str = "object-storage-ca";
        let secret =
            SecretSource::find("spec.objectStorage.caSecretRef", &reference.name, references, problems);
        access.inputs.insert(Input::Ca, vec![secret.fingerprint(&reference.key, problems)]);
        access.mounts.push(secret.mount(VOLUME, &[(&reference.key, file::CA)]));
        access.config.ca_file = Some(path(VOLUME, file::CA));
    }
    access.missing = problems.missing_after(before);
    access
}

fn section(storage: &ObjectStorage) -> config::ObjectStorage {
    config::ObjectStorage {
        endpoint: storage.endpoint.clone(),
        region: storage.region.clone(),
        bucket: storage.bucket.clone(),
        addressing: match storage.addressing {
            Addressing::VirtualHost => config::Addressing::VirtualHost,
            Addressing::Path => config::Addressing::Path,
        },
        links: match storage.link_policy {
            LinkPolicy::PresignedS3 => config::LinkPolicy::PresignedS3,
            LinkPolicy::Any => config::LinkPolicy::Any,
        },
        ..config::ObjectStorage::default()
    }
}

fn authenticate(
    storage: &ObjectStorage,
    references: &References,
    access: &mut Access<config::ObjectStorage>,
    problems: &mut Problems,
) {
    const VOLUME: &str = "object-storage-credentials";
    let Some(keys) = &storage.credentials.secret_ref else {
        let message = "spec.objectStorage.credentials has type Secret, but no secretRef; name a Secret with an access key";
        problems.push(Reason::InvalidSpec, message);
        return;
    };
    let secret =
        SecretSource::find("spec.objectStorage.credentials.secretRef", &keys.name, references, problems);
    let fingerprints =
        [&keys.access_key_id_key, &keys.secret_access_key_key].map(|key| secret.fingerprint(key, problems));
    access.inputs.insert(Input::Secret, fingerprints.into());
    let files = [
        (keys.access_key_id_key.as_str(), file::ACCESS_KEY_ID),
        (keys.secret_access_key_key.as_str(), file::SECRET_ACCESS_KEY),
    ];
    access.mounts.push(secret.mount(VOLUME, &files));
    access.config.access_key_id_file = Some(path(VOLUME, file::ACCESS_KEY_ID));
    access.config.secret_access_key_file = Some(path(VOLUME, file::SECRET_ACCESS_KEY));
}

fn port(storage: &ObjectStorage, problems: &mut Problems) -> Option<u16> {
    let Some(endpoint) = &storage.endpoint else { return Some(HTTPS) };
    let port = endpoint_port(endpoint);
    if port.is_none() {
        let message = format!("spec.objectStorage.endpoint \"{endpoint}\" is not an http:// or https:// URL");
        problems.push(Reason::InvalidSpec, message);
    }
    port
}

fn endpoint_port(endpoint: &str) -> Option<u16> {
    let (default, rest) = match (endpoint.strip_prefix("https://"), endpoint.strip_prefix("http://")) {
        (Some(rest), _) => (HTTPS, rest),
        (None, Some(rest)) => (HTTP, rest),
        (None, None) => return None,
    };
    let authority = rest.split(['/', '?', '#']).next().filter(|authority| !authority.is_empty())?;
    // An IPv6 address is in brackets and contains colons.
    let after_host = authority.rsplit_once(']').map_or(authority, |(_, after)| after);
    match after_host.rsplit_once(':') {
        Some((_, port)) => port.parse().ok(),
        None => Some(default),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoint_without_a_port_has_that_of_its_scheme() {
        let cases = [
            ("https://s3.example.com", Some(443)),
            ("http://minio:9000/", Some(9000)),
            ("http://minio/path:7", Some(80)),
            ("http://[fd00::1]", Some(80)),
            ("http://[fd00::1]:9000", Some(9000)),
            ("https://", None),
            ("minio:9000", None),
            ("http://minio:x", None),
        ];
        for (endpoint, port) in cases {
            assert_eq!(endpoint_port(endpoint), port, "{endpoint}");
        }
    }
}
