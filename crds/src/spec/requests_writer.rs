//! `spec.requestsWriter`

use kube::core::Rule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    CaSecretRef, CredentialsSecretRef, GoDuration, Resources,
    schema::{
        field::{duration_between, image, metrics_namespace, server_address},
        rule::{only_when, rule},
    },
};

/// The pod that stores the results of processed requests, for clients that ask for the report of a request: in Valkey or Redis, or in
/// the database.
/// Batches, allowed organisations, shutdown and pod template are those of `dbWriter`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RequestsWriter {
    /// The server with the processed requests, which the public API reads, too. Absent means that they are in the database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valkey: Option<Valkey>,
    /// Number of pods.
    #[serde(default = "one")]
    #[schemars(range(min = 0, max = 16))]
    pub replicas: u32,
    /// The image of these pods; absent means `spec.image`.
    ///
    /// Example: `quay.io/ccx/ccx:0.1.0`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(transform = image)]
    pub image: Option<String>,
    /// Requests and limits of a pod.
    #[serde(default = "resources")]
    pub resources: Resources,
    /// The consumer group.
    #[serde(default = "consumer_group")]
    #[schemars(length(min = 1, max = 255))]
    pub consumer_group: String,
    /// Time for which a processed request is kept.
    #[serde(default = "expiration")]
    #[schemars(transform = duration_between("1s", "8760h"))]
    pub expiration: GoDuration,
    /// Prefix of the metrics' names.
    #[serde(default = "namespace")]
    #[schemars(transform = metrics_namespace)]
    pub metrics_namespace: String,
}

/// A Valkey or Redis server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = Valkey::rules()))]
pub struct Valkey {
    /// `host:port` of the server.
    ///
    /// Example: `valkey.ccx.svc:6379`.
    #[schemars(transform = server_address)]
    pub endpoint: String,
    /// Number of the database.
    #[serde(default)]
    #[schemars(range(min = 0, max = 16383))]
    pub database: u16,
    /// The user and its password; absent means none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credentials_secret_ref: Option<CredentialsSecretRef>,
    /// Whether connections are encrypted.
    #[serde(default)]
    pub tls: ValkeyTls,
    /// The authorities that sign the server's certificate; absent means the public ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_secret_ref: Option<CaSecretRef>,
}

/// Rules about this writer and other sections, for `spec`.
pub(super) fn rules_of_spec() -> Vec<Rule> {
    vec![
        rule(
            "!has(self.requestsWriter) || (!(self.requestsWriter.consumerGroup in [self.dataPipeline.consumerGroup, \
             self.dbWriter.consumerGroup]) && (!has(self.workloadsWriter) || \
             self.requestsWriter.consumerGroup != self.workloadsWriter.consumerGroup))",
            "choose a group that no other component has: each reads topics of its own",
        )
        .field_path(".requestsWriter.consumerGroup"),
    ]
}

impl Valkey {
    fn rules() -> Vec<Rule> {
        vec![only_when(
            "caSecretRef",
            "self.tls == 'Enabled'",
            "set tls to Enabled, or remove caSecretRef: only encrypted connections check the certificate",
        )]
    }
}

/// Whether connections to Valkey are encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ValkeyTls {
    /// They are not.
    #[default]
    Disabled,
    /// They are, and the server's certificate is checked.
    Enabled,
}

const fn one() -> u32 {
    1
}

fn resources() -> Resources {
    Resources::new("50m", "64Mi", "256Mi")
}

fn consumer_group() -> String {
    "valkey_writer_app".into()
}

fn expiration() -> GoDuration {
    GoDuration::from_hours(24)
}

fn namespace() -> String {
    "valkey_writer".into()
}
