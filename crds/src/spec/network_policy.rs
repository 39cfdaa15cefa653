//! `spec.networkPolicy`

use k8s_openapi::api::networking::v1::{
    NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer,
};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::schema::brief;

/// Limits the traffic of the pods to what they need.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct NetworkPolicy {
    /// Whether NetworkPolicies are created.
    pub mode: NetworkPolicyMode,
    /// Further TCP ports to which the pods of `ccx` may connect, at any address. The ports of Kafka, the object
    /// storage, the database and of proxies in `extraEnv` are known already.
    ///
    /// Example: `[8443]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), inner(range(min = 1, max = 65535)), extend("x-kubernetes-list-type" = "set"))]
    pub egress_ports: Vec<u16>,
    /// Further egress rules of every pod, the managed database included.
    ///
    /// Example: `[{to: [{ipBlock: {cidr: 10.1.0.0/16}}], ports: [{port: 443}]}]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), transform = brief, extend("x-kubernetes-list-type" = "atomic"))]
    pub extra_egress: Vec<NetworkPolicyEgressRule>,
    /// Further ingress rules of every component, the managed database included.
    ///
    /// Example: `[{from: [{podSelector: {matchLabels: {app: backup}}}], ports: [{port: 5432}]}]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), transform = brief, extend("x-kubernetes-list-type" = "atomic"))]
    pub extra_ingress: Vec<NetworkPolicyIngressRule>,
    /// The clients that may read health and metrics, in addition to the operator. Absent means pods of any namespace
    /// with the label `app.kubernetes.io/name: prometheus`.
    ///
    /// Example: `[{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), transform = brief, extend("x-kubernetes-list-type" = "atomic"))]
    pub scrape_from: Vec<NetworkPolicyPeer>,
}

/// Deserializes the settings, or the mode alone, as resources that were stored by an earlier version have it.
pub(super) fn settings_or_mode<'de, D: Deserializer<'de>>(source: D) -> Result<NetworkPolicy, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Stored {
        Mode(NetworkPolicyMode),
        Settings(NetworkPolicy),
    }
    Ok(match Stored::deserialize(source)? {
        Stored::Mode(mode) => NetworkPolicy { mode, ..NetworkPolicy::default() },
        Stored::Settings(settings) => settings,
    })
}

/// Whether NetworkPolicies are created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum NetworkPolicyMode {
    /// They allow only what the pods need.
    #[default]
    Managed,
    /// None is created.
    Disabled,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::CcxPipelineSpec;

    #[test]
    fn resource_stored_by_an_earlier_version_can_be_read() {
        let spec = |policy| -> CcxPipelineSpec {
            serde_json::from_value(json!({
                "kafka": {"bootstrapServers": ["kafka:9092"]}, "objectStorage": {"bucket": "b"}, "networkPolicy": policy}))
            .unwrap()
        };
        assert_eq!(spec(json!("Disabled")), spec(json!({"mode": "Disabled"})));
        assert_eq!(spec(json!("Managed")), spec(json!({})));
    }
}
