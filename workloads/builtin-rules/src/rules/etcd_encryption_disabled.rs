//! Secrets that anybody who has a backup of etcd can read.

use serde::Serialize;

use super::meta;
use ccx_rules::{Context, Response, Rule, RuleMeta, documents::API_SERVER};

const KEY: &str = "ETCD_ENCRYPTION_NOT_ENABLED";

/// The name of no encryption, which is the default.
const NONE: &str = "identity";

pub(super) struct EtcdEncryptionDisabled;

#[derive(Serialize)]
struct Details {
    encryption_type: &'static str,
}

impl Rule for EtcdEncryptionDisabled {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.etcd_encryption_disabled", KEY).requires(API_SERVER)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let is_plain = matches!(&*context.api_server()?.spec.encryption.r#type, NONE | "");
        is_plain.then(|| Response::hit(KEY, &Details { encryption_type: NONE }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(encryption: &Value) -> Answer {
        ask(EtcdEncryptionDisabled, &[("config/apiserver.json", json!({"spec": {"encryption": encryption}}))])
    }

    #[test]
    fn no_encryption_is_a_hit() {
        for encryption in [json!({"type": "identity"}), json!({"type": ""}), json!({}), json!(null)] {
            assert_eq!(ask_about(&encryption), Answer::Hit(json!({"encryption_type": "identity"})));
        }
    }

    #[test]
    fn any_encryption_is_none() {
        for cipher in ["aescbc", "aesgcm"] {
            assert_eq!(ask_about(&json!({"type": cipher})), Answer::Miss, "{cipher}");
        }
        assert_eq!(ask(EtcdEncryptionDisabled, &[]), Answer::skip_all(&["api_server"]));
    }
}
