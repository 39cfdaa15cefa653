//! `[kafka]`

use std::{collections::BTreeMap, fmt, path::PathBuf, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use crate::{
    Problem, Secret, SecretError, Topics,
    formats::{BROKER, PORT, RESERVED_PROPERTIES},
    secret::{HiddenValues, check_given_once},
};

/// The brokers, and how to connect and authenticate.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Kafka {
    /// `host:port` of at least one broker.
    pub bootstrap_servers: Vec<String>,
    /// Encryption and authentication of connections.
    pub security_protocol: SecurityProtocol,
    /// The SASL mechanism, with a `sasl-…` protocol.
    pub sasl_mechanism: SaslMechanism,
    /// The user, with a `sasl-…` protocol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sasl_username: Option<String>,
    /// The password of `sasl_username`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sasl_password: Option<Secret>,
    /// A file with the password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sasl_password_file: Option<PathBuf>,
    /// PEM file of the authorities that sign the brokers' certificates; the system's when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// PEM file of the client's certificate, when brokers ask for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_file: Option<PathBuf>,
    /// PEM file of the certificate's key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
    /// The name under which brokers log this client and apply quotas to it.
    pub client_id: String,
    /// The first message of a consumer group that has never committed an offset.
    pub start_offset: StartOffset,
    /// A member without a heartbeat for this long loses its partitions.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub session_timeout: Duration,
    /// The names of the topics.
    pub topics: Topics,
    /// Further librdkafka properties, by their own names. They are applied last. Their values are handled as secrets.
    pub properties: BTreeMap<String, String>,
}

/// Encryption and authentication of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, IntoStaticStr)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum SecurityProtocol {
    /// Neither encrypted nor authenticated.
    Plaintext,
    /// Encrypted.
    Ssl,
    /// Authenticated.
    SaslPlaintext,
    /// Encrypted and authenticated.
    SaslSsl,
}

/// A SASL mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, IntoStaticStr)]
pub enum SaslMechanism {
    /// User name and password in clear.
    #[serde(rename = "PLAIN")]
    #[strum(serialize = "PLAIN")]
    Plain,
    /// Salted challenge-response with SHA-256.
    #[serde(rename = "SCRAM-SHA-256")]
    #[strum(serialize = "SCRAM-SHA-256")]
    ScramSha256,
    /// Salted challenge-response with SHA-512.
    #[serde(rename = "SCRAM-SHA-512")]
    #[strum(serialize = "SCRAM-SHA-512")]
    ScramSha512,
}

/// The first message of a consumer group that has never committed an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StartOffset {
    /// The oldest message: nothing is missed.
    Oldest,
    /// The next message.
    Newest,
}

impl Default for Kafka {
    fn default() -> Self {
        Self {
            bootstrap_servers: vec!["localhost:9092".into()],
            security_protocol: SecurityProtocol::Plaintext,
            sasl_mechanism: SaslMechanism::ScramSha512,
            sasl_username: None,
            sasl_password: None,
            sasl_password_file: None,
            ca_file: None,
            certificate_file: None,
            key_file: None,
            client_id: "ccx".into(),
            start_offset: StartOffset::Oldest,
            session_timeout: Duration::from_secs(20),
            topics: Topics::default(),
            properties: BTreeMap::new(),
        }
    }
}

impl Kafka {
    /// Returns the password of `sasl_username`.
    pub fn password(&self) -> Result<Option<Secret>, SecretError> {
        Secret::resolve(self.sasl_password.as_ref(), self.sasl_password_file.as_ref())
    }

    /// Returns a copy whose properties show their names only.
    pub(crate) fn without_property_values(&self) -> Self {
        let hidden = |name: &String| (name.clone(), crate::secret::HIDDEN.to_owned());
        Self { properties: self.properties.keys().map(hidden).collect(), ..self.clone() }
    }

    pub(crate) fn check(&self, problems: &mut Vec<Problem>) {
        self.check_brokers(problems);
        self.check_authentication(problems);
        self.check_encryption(problems);
        self.topics.check(problems);
        let reserved = self.properties.keys().filter(|name| RESERVED_PROPERTIES.contains(&name.as_str()));
        problems.extend(reserved.map(|name| {
            let reason =
                "has a key of its own in [kafka] or is needed as it is; remove it from the properties";
            Problem::new(format!("kafka.properties.{name}"), reason)
        }));
    }

    fn check_brokers(&self, problems: &mut Vec<Problem>) {
        const KEY: &str = "kafka.bootstrap_servers";
        if self.bootstrap_servers.is_empty() {
            problems.push(Problem::new(KEY, "is empty; name at least one broker as host:port"));
        }
        for (server, number) in self.bootstrap_servers.iter().zip(1..) {
            let invalid = [BROKER, PORT].into_iter().find(|format| !format.matches(server));
            problems.extend(invalid.map(|format| {
                Problem::new(KEY, format!("has an invalid item, number {number}: {}", format.advice))
            }));
        }
    }

    fn check_authentication(&self, problems: &mut Vec<Problem>) {
        let (password, file) = (self.sasl_password.as_ref(), self.sasl_password_file.as_ref());
        problems.extend(check_given_once("kafka.sasl_password", password, file));
        let has_password = password.is_some() || file.is_some();
        if self.security_protocol.authenticates() && !(self.sasl_username.is_some() && has_password) {
            problems.push(Problem::new(
                "kafka.security_protocol",
                "authenticates; set kafka.sasl_username and kafka.sasl_password_file (or kafka.sasl_password) too",
            ));
        }
        if !self.security_protocol.authenticates() {
            let reason =
                "is not used: set kafka.security_protocol to sasl-ssl or sasl-plaintext, or remove it";
            problems.extend(has_password.then(|| Problem::new("kafka.sasl_password", reason)));
        }
    }

    fn check_encryption(&self, problems: &mut Vec<Problem>) {
        if self.certificate_file.is_some() != self.key_file.is_some() {
            let reason = "and kafka.key_file belong together; set both or neither";
            problems.push(Problem::new("kafka.certificate_file", reason));
        }
        if !self.security_protocol.encrypts() {
            let given =
                [("kafka.ca_file", &self.ca_file), ("kafka.certificate_file", &self.certificate_file)];
            problems.extend(given.into_iter().filter(|(_, file)| file.is_some()).map(|(key, _)| {
                let reason = "is not used: set kafka.security_protocol to ssl or sasl-ssl, or remove it";
                Problem::new(key, reason)
            }));
        }
    }
}

impl fmt::Debug for Kafka {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kafka")
            .field("bootstrap_servers", &self.bootstrap_servers)
            .field("security_protocol", &self.security_protocol)
            .field("topics", &self.topics)
            .field("properties", &HiddenValues(&self.properties))
            .finish_non_exhaustive()
    }
}

impl SecurityProtocol {
    /// Returns the name that Kafka clients use.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Whether the protocol needs a user name and a password.
    pub fn authenticates(self) -> bool {
        matches!(self, Self::SaslPlaintext | Self::SaslSsl)
    }

    /// Whether the protocol needs certificates.
    pub fn encrypts(self) -> bool {
        matches!(self, Self::Ssl | Self::SaslSsl)
    }
}

impl SaslMechanism {
    /// Returns the name that Kafka clients use.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}
