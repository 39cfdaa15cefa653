//! Generates the data of Secrets that are created once.

use kube::core::DynamicObject;
use rand::{RngExt as _, distr::Alphanumeric};
use serde_json::json;

/// 32 characters of 62 have 190 bits, and none has a meaning in a URL or a shell.
const PASSWORD_CHARS: usize = 32;

/// The field manager of generated data.
pub(super) const GENERATOR: &str = "ccx-operator-generator";

/// Returns the Secret with a random value for each key of `generate`.
pub(super) fn with_generated(secret: &DynamicObject, generate: &[String]) -> DynamicObject {
    let mut secret = secret.clone();
    for key in generate {
        secret.data["stringData"][key] = json!(password());
    }
    secret
}

fn password() -> String {
    rand::rng().sample_iter(Alphanumeric).take(PASSWORD_CHARS).map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use kube::core::ObjectMeta;

    use super::*;

    #[test]
    fn each_key_gets_its_own_value() {
        let secret = DynamicObject {
            types: None,
            metadata: ObjectMeta::default(),
            data: json!({"stringData": {"username": "ccx"}}),
        };
        let made = with_generated(&secret, &["password".into(), "other".into()]).data;
        let value = |key: &str| made["stringData"][key].as_str().unwrap_or_default().to_owned();
        assert_eq!((value("username").as_str(), value("password").len()), ("ccx", PASSWORD_CHARS));
        assert_ne!(value("password"), value("other"));
    }
}
