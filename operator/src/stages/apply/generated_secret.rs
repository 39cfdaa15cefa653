//! Generates the data of Secrets that are created once.

use k8s_openapi::api::core::v1::Secret;
use rand::{RngExt as _, distr::Alphanumeric};

/// 32 characters of 62 have 190 bits, and none has a meaning in a URL or a shell.
const PASSWORD_CHARS: usize = 32;

/// The field manager of generated data.
pub(super) const GENERATOR: &str = "ccx-operator-generator";

/// Returns the Secret with a random value for each key of `generate`.
pub(super) fn with_generated(mut secret: Secret, generate: &[String]) -> Secret {
    let values = generate.iter().map(|key| (key.clone(), password()));
    secret.string_data.get_or_insert_default().extend(values);
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
        let values = with_generated(secret, &["password".into(), "other".into()]).string_data.unwrap();
        assert_eq!((values["username"].as_str(), values["password"].len()), ("ccx", PASSWORD_CHARS));
        assert_ne!(values["password"], values["other"]);
    }
}
