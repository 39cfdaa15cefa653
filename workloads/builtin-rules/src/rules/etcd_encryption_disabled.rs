//! Secrets that are stored unencrypted in etcd.

use serde::Serialize;

use super::meta;
use ccx_rules::{ClusterKind, Context, Response, Rule, RuleMeta, documents::API_SERVER};

const KEY: &str = "ETCD_ENCRYPTION_NOT_ENABLED";

/// Encryption type that does not encrypt, which is the default.
const NONE: &str = "identity";

pub(super) struct EtcdEncryptionDisabled;

#[derive(Serialize)]
struct Details {
    encryption_type: &'static str,
}

impl Rule for EtcdEncryptionDisabled {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.etcd_encryption_disabled", KEY)
            .requires(API_SERVER)
            .not_on(ClusterKind::HostedControlPlane, "the HostedCluster configures the encryption of etcd")
            .not_on(ClusterKind::ManagedService, "the provider configures the encryption of etcd")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let spec = &context.api_server()?.spec;
        let is_plain = match spec.encryption.as_deref().map(|encryption| &*encryption.r#type) {
            // The API server fills in the profile, so an object that has one is complete, and the type is unset in the cluster too.
            Some("") => !spec.audit.profile.is_empty(),
            Some(name) => name == NONE,
            None => false,
        };
        let is_known = spec.encryption.as_deref().is_some_and(|encryption| !encryption.r#type.is_empty());
        match (is_plain, is_known) {
            (true, _) => Some(Response::hit(KEY, &Details { encryption_type: NONE })),
            (false, true) => None,
            (false, false) => {
                Some(Response::undecided("the API server's configuration has no `spec.encryption.type`"))
            }
        }
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
    fn missing_encryption_is_a_hit() {
        let hit = Answer::Hit(json!({"encryption_type": "identity"}));
        assert_eq!(ask_about(&json!({"type": "identity"})), hit);
        for encryption in [json!({"type": ""}), json!({})] {
            let complete = json!({"spec": {"audit": {"profile": "Default"}, "encryption": encryption}});
            assert_eq!(ask(EtcdEncryptionDisabled, &[("config/apiserver.json", complete)]), hit);
        }
    }

    #[test]
    fn configuration_without_a_spec_is_a_skip() {
        for server in [
            json!({"spec": null}),
            json!({"spec": {}}),
            json!({"spec": {"encryption": null}}),
            json!({"spec": {"encryption": {}}}),
            json!({"spec": {"audit": {"profile": ""}, "encryption": {}}}),
            json!({"spec": {"audit": {}}}),
        ] {
            let answer = ask(EtcdEncryptionDisabled, &[("config/apiserver.json", server.clone())]);
            assert!(matches!(answer, Answer::Skip(_)), "{server}: {answer:?}");
        }
        assert_eq!(
            ask(EtcdEncryptionDisabled, &[("config/apiserver.json", json!({}))]),
            Answer::skip_all(&["api_server"])
        );
    }

    #[test]
    fn hosted_control_plane_and_managed_service_are_a_skip() {
        for status in [
            json!({"controlPlaneTopology": "External"}),
            json!({"platformStatus": {"aws": {"resourceTags": [{"key": "red-hat-managed", "value": "true"}]}}}),
        ] {
            let files = [
                ("config/apiserver.json", json!({"spec": {"encryption": {}}})),
                ("config/infrastructure.json", json!({"status": status})),
            ];
            assert!(matches!(ask(EtcdEncryptionDisabled, &files), Answer::Skip(_)));
        }
    }

    #[test]
    fn encryption_is_silent() {
        for cipher in ["aescbc", "aesgcm"] {
            assert_eq!(ask_about(&json!({"type": cipher})), Answer::Miss, "{cipher}");
        }
        assert_eq!(ask(EtcdEncryptionDisabled, &[]), Answer::skip_all(&["api_server"]));
    }
}
