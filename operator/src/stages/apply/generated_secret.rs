//! Generates the data of Secrets that are created once.

use k8s_openapi::{ByteString, api::core::v1::Secret, jiff::Timestamp};
use rand::{RngExt as _, distr::Alphanumeric};

use super::certificate::{self, Certificates};
use crate::{
    cache::{PipelineObjects, status::ChildStatus},
    model::{
        annotations::{AUTHORITY_RENEWAL, RENEWAL},
        resources::{ApplyMode, Child, Generate},
    },
};

/// 32 characters of 62 have 190 bits, and none has a meaning in a URL or a shell.
const PASSWORD_CHARS: usize = 32;

/// The field manager of generated data.
pub(super) const GENERATOR: &str = "ccx-operator-generator";

/// Whether the certificate of a Secret that exists has to be renewed.
pub(super) fn is_renewal_due(child: &Child, objects: &PipelineObjects, now: Timestamp) -> bool {
    let ApplyMode::CreateOnce { generate: Generate::Certificates { .. } } = &child.apply else {
        return false;
    };
    match objects.status(child.kind(), child.name()) {
        Some(ChildStatus::Certificate(renewal)) => **renewal <= now,
        Some(_) => true,
        None => false,
    }
}

/// Returns the Secret with generated data.
pub(super) fn with_generated(
    mut secret: Secret,
    generate: &Generate,
    now: Timestamp,
) -> Result<Secret, rcgen::Error> {
    match generate {
        Generate::Passwords(keys) => {
            let values = keys.iter().map(|key| (key.clone(), password()));
            secret.string_data.get_or_insert_default().extend(values);
            Ok(secret)
        }
        Generate::Certificates { hosts } => {
            Ok(with_certificates(secret, &certificate::next(None, hosts, now)?))
        }
    }
}

/// Returns the Secret with these certificates, and with the times of their renewal as annotations.
pub(super) fn with_certificates(mut secret: Secret, certificates: &Certificates) -> Secret {
    let values =
        certificates.data.iter().map(|(key, value)| (key.clone(), ByteString(value.clone().into_bytes())));
    secret.data.get_or_insert_default().extend(values);
    let times = [(RENEWAL, certificates.renewal), (AUTHORITY_RENEWAL, certificates.authority_renewal)];
    let annotations = secret.metadata.annotations.get_or_insert_default();
    annotations.extend(times.map(|(key, time)| (key.to_owned(), format!("{time:.0}"))));
    secret
}

fn password() -> String {
    rand::rng().sample_iter(Alphanumeric).take(PASSWORD_CHARS).map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_gets_its_own_value() {
        let given = Some([("username".to_owned(), "ccx".to_owned())].into());
        let secret = Secret { string_data: given, ..Secret::default() };
        let keys = Generate::Passwords(vec!["password".into(), "other".into()]);
        let values = with_generated(secret, &keys, Timestamp::UNIX_EPOCH).unwrap().string_data.unwrap();
        assert_eq!((values["username"].as_str(), values["password"].len()), ("ccx", PASSWORD_CHARS));
        assert_ne!(values["password"], values["other"]);
    }
}
