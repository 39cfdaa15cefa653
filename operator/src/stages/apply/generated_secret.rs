//! Secrets that are made up once.

use kube::core::DynamicObject;
use rand::{RngExt as _, distr::Alphanumeric};
use serde_json::json;

/// 32 characters of 62: 190 bits, and no character that a URL or a shell would treat in its own way.
const PASSWORD_CHARS: usize = 32;

/// The field manager of what was made up.
pub(super) const GENERATOR: &str = "ccx-operator-generator";

/// The Secret with a random value for each key of `generate`.
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
    fn each_key_gets_a_value_of_its_own_beside_those_that_are_given() {
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
