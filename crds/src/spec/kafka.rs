//! `spec.kafka`

use std::collections::BTreeMap;

use ccx_config::formats::RESERVED_PROPERTIES;
use kube::core::Rule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    CaSecretRef, CertificateSecretRef, CredentialsSecretRef, GoDuration, TopicManagement, Topics,
    schema::{
        field::{brokers, dns_label, duration_between, object_name, text_map},
        rule::{forbidden, needed_when, only_when, required, rule, without_keys},
    },
};

/// The brokers, and the authentication to them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = Kafka::rules()))]
pub struct Kafka {
    /// At least one broker as `host:port`. Either this or `strimzi` is set.
    ///
    /// Example: `["kafka-kafka-bootstrap.kafka.svc:9092"]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 16), extend("x-kubernetes-list-type" = "set"), inner(length(min = 3, max = 261)), transform = brokers)]
    pub bootstrap_servers: Vec<String>,
    /// A Kafka cluster that Strimzi runs; its brokers and its CA are read from its status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strimzi: Option<StrimziRef>,
    /// Whether connections are encrypted and authenticated.
    pub security_protocol: SecurityProtocol,
    /// The credentials, with `SASL_PLAINTEXT` and `SASL_SSL`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sasl: Option<Sasl>,
    /// The authorities that sign the brokers' certificates. Absent means those of the image, or of the Strimzi cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_secret_ref: Option<CaSecretRef>,
    /// The client certificate, for brokers that require one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_certificate_secret_ref: Option<CertificateSecretRef>,
    /// The client id, for logs and quotas of the brokers.
    #[schemars(length(min = 1, max = 128))]
    pub client_id: String,
    /// Start of a consumer group without a committed offset.
    pub start_offset: StartOffset,
    /// Time without a heartbeat after which a member loses its partitions.
    #[schemars(transform = duration_between("6s", "30m"))]
    pub session_timeout: GoDuration,
    /// The names of the topics.
    pub topics: Topics,
    /// Whether missing topics are created, and how.
    pub topic_management: TopicManagement,
    /// Further librdkafka properties, by their own names. They override all others.
    ///
    /// Example: `{"fetch.wait.max.ms": "100"}`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(transform = text_map)]
    pub properties: BTreeMap<String, String>,
}

/// Properties of librdkafka that are secret, in configurations that everybody who sees the resource can read.
const SECRET_PROPERTIES: [&str; 5] = [
    "sasl.password",
    "ssl.key.pem",
    "ssl.key.password",
    "ssl.keystore.password",
    "sasl.oauthbearer.client.secret",
];

impl Kafka {
    fn rules() -> Vec<Rule> {
        vec![
            required(
                "has(self.bootstrapServers) || has(self.strimzi)",
                "name the brokers: set bootstrapServers, or strimzi for a cluster that Strimzi runs",
            ),
            forbidden(
                "!has(self.bootstrapServers) || !has(self.strimzi)",
                "remove bootstrapServers or strimzi: one of them names the brokers",
            )
            .field_path(".strimzi"),
            needed_when(
                "sasl",
                "self.securityProtocol in ['SASL_PLAINTEXT', 'SASL_SSL']",
                "set sasl.credentialsSecretRef: this security protocol authenticates",
            ),
            only_when(
                "sasl",
                "self.securityProtocol in ['SASL_PLAINTEXT', 'SASL_SSL']",
                "set securityProtocol to SASL_SSL or SASL_PLAINTEXT, or remove sasl",
            ),
            only_when(
                "caSecretRef",
                "self.securityProtocol in ['SSL', 'SASL_SSL']",
                "set securityProtocol to SSL or SASL_SSL, or remove caSecretRef: only they check certificates",
            ),
            only_when(
                "clientCertificateSecretRef",
                "self.securityProtocol in ['SSL', 'SASL_SSL']",
                "set securityProtocol to SSL or SASL_SSL, or remove clientCertificateSecretRef: only they show certificates",
            ),
            without_keys(
                "properties",
                &SECRET_PROPERTIES,
                "move the secret to a Secret, and name it in sasl or clientCertificateSecretRef",
            ),
            without_keys(
                "properties",
                &RESERVED_PROPERTIES,
                "remove what has a field of its own or is needed as it is",
            ),
        ]
    }
}

/// A Kafka cluster that Strimzi runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = StrimziRef::rules()))]
pub struct StrimziRef {
    /// The name of the `Kafka` object.
    ///
    /// Example: `events`.
    #[schemars(transform = object_name)]
    pub name: String,
    /// Its namespace; absent means that of the CcxPipeline.
    ///
    /// Example: `kafka`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(transform = dns_label)]
    pub namespace: Option<String>,
    /// The name of the listener to connect to. It must match `securityProtocol`.
    #[serde(default = "plain_listener")]
    #[schemars(length(min = 1, max = 25))]
    pub listener: String,
}

impl StrimziRef {
    fn rules() -> Vec<Rule> {
        vec![
            rule(
                "self.listener.matches('^[a-z0-9]+$')",
                "write the listener's name: lower-case letters and digits",
            )
            .field_path(".listener"),
        ]
    }
}

/// The credentials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Sasl {
    /// The mechanism.
    #[serde(default)]
    pub mechanism: SaslMechanism,
    /// The user name, for a Secret without a key for it, such as that of a `KafkaUser` of Strimzi.
    ///
    /// Example: `ccx`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub username: Option<String>,
    /// The user's name and password.
    pub credentials_secret_ref: CredentialsSecretRef,
}

/// Whether connections to brokers are encrypted and authenticated; by the names of Kafka.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SecurityProtocol {
    /// Neither encrypted nor authenticated.
    #[default]
    Plaintext,
    /// Encrypted.
    Ssl,
    /// Authenticated.
    SaslPlaintext,
    /// Encrypted and authenticated.
    SaslSsl,
}

/// The SASL mechanism, as Kafka spells it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SaslMechanism {
    /// User name and password as they are.
    #[serde(rename = "PLAIN")]
    Plain,
    /// Salted challenge and response with SHA-256.
    #[serde(rename = "SCRAM-SHA-256")]
    ScramSha256,
    /// Salted challenge and response with SHA-512.
    #[default]
    #[serde(rename = "SCRAM-SHA-512")]
    ScramSha512,
}

/// Start of a consumer group without a committed offset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum StartOffset {
    /// At the oldest message: nothing is missed.
    #[default]
    Oldest,
    /// At the next message.
    Newest,
}

impl Default for Kafka {
    fn default() -> Self {
        Self {
            bootstrap_servers: Vec::new(),
            strimzi: None,
            security_protocol: SecurityProtocol::default(),
            sasl: None,
            ca_secret_ref: None,
            client_certificate_secret_ref: None,
            client_id: "ccx".into(),
            start_offset: StartOffset::default(),
            session_timeout: GoDuration::from_secs(20),
            topics: Topics::default(),
            topic_management: TopicManagement::default(),
            properties: BTreeMap::new(),
        }
    }
}

impl SecurityProtocol {
    /// Whether it needs a user name and a password.
    pub fn authenticates(self) -> bool {
        matches!(self, Self::SaslPlaintext | Self::SaslSsl)
    }

    /// Whether it needs certificates.
    pub fn encrypts(self) -> bool {
        matches!(self, Self::Ssl | Self::SaslSsl)
    }
}

fn plain_listener() -> String {
    "plain".into()
}
