//! `[kafka]`

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Problem, Secret, SecretError};

/// The brokers, and how to be let in.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Kafka {
    /// `host:port` of at least one broker.
    pub bootstrap_servers: Vec<String>,
    /// Whether connections are encrypted and authenticated.
    pub security_protocol: SecurityProtocol,
    /// How to authenticate, with a `sasl-…` protocol.
    pub sasl_mechanism: SaslMechanism,
    /// Who we are, with a `sasl-…` protocol.
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
    /// PEM file of our own certificate, when brokers ask for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_file: Option<PathBuf>,
    /// PEM file of the certificate's key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
    /// The name under which brokers log and limit us.
    pub client_id: String,
    /// Where a consumer group starts that has never committed an offset.
    pub start_offset: StartOffset,
    /// A member that is silent for this long loses its partitions.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub session_timeout: Duration,
    /// The names of the topics.
    pub topics: Topics,
    /// Further librdkafka properties, by their own names. They come last and win.
    pub properties: BTreeMap<String, String>,
}

/// Whether connections to brokers are encrypted and authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SecurityProtocol {
    /// Neither.
    Plaintext,
    /// Encrypted.
    Ssl,
    /// Authenticated.
    SaslPlaintext,
    /// Both.
    SaslSsl,
}

/// How a client authenticates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SaslMechanism {
    /// User name and password as they are.
    #[serde(rename = "PLAIN")]
    Plain,
    /// Salted challenge and response with SHA-256.
    #[serde(rename = "SCRAM-SHA-256")]
    ScramSha256,
    /// Salted challenge and response with SHA-512.
    #[serde(rename = "SCRAM-SHA-512")]
    ScramSha512,
}

/// Where a consumer group starts that has never committed an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StartOffset {
    /// At the oldest message: nothing is missed.
    Oldest,
    /// At the next message.
    Newest,
}

/// The names of the topics.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Topics {
    /// Archives that have been stored; the pipeline reads it.
    pub announce: String,
    /// Results of rules; the pipeline writes it, the writer reads it.
    pub results: String,
    /// Checks that workloads fail; the pipeline writes it, for example to `ccx.dvo.results`. Empty means that nobody wants to know.
    pub workloads: String,
    /// Progress of requests; empty means that nobody wants to know.
    pub payload_status: String,
    /// Announcements that the pipeline gave up.
    pub announce_dead_letters: String,
    /// Results that the writer gave up.
    pub results_dead_letters: String,
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

impl Default for Topics {
    fn default() -> Self {
        Self {
            announce: "platform.upload.announce".into(),
            results: "ccx.ocp.results".into(),
            workloads: String::new(),
            payload_status: "platform.payload-status".into(),
            announce_dead_letters: "ccx.data.pipeline.dead.letter.queue".into(),
            results_dead_letters: "ccx.aggregator.dead.letter.queue".into(),
        }
    }
}

impl Kafka {
    /// The password of `sasl_username`.
    pub fn password(&self) -> Result<Option<Secret>, SecretError> {
        Secret::resolve(self.sasl_password.as_ref(), self.sasl_password_file.as_ref())
    }

    pub(crate) fn check(&self, problems: &mut Vec<Problem>) {
        if self.bootstrap_servers.iter().all(String::is_empty) {
            problems.push(Problem::new(
                "kafka.bootstrap_servers",
                "is empty; name at least one broker as host:port",
            ));
        }
        for server in &self.bootstrap_servers {
            let port = server.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
            if port.is_none() {
                problems
                    .push(Problem::new("kafka.bootstrap_servers", format!("{server:?} is not host:port")));
            }
        }
        let has_password = self.sasl_password.is_some() || self.sasl_password_file.is_some();
        if self.security_protocol.authenticates() && !(self.sasl_username.is_some() && has_password) {
            problems.push(Problem::new(
                "kafka.security_protocol",
                "authenticates; set kafka.sasl_username and kafka.sasl_password_file (or kafka.sasl_password) too",
            ));
        }
        if self.certificate_file.is_some() != self.key_file.is_some() {
            problems.push(Problem::new(
                "kafka.certificate_file",
                "and kafka.key_file belong together; set both or none",
            ));
        }
        for (key, topic) in self.topics.required() {
            if topic.is_empty() {
                problems.push(Problem::new(key, "is empty; give the topic's name"));
            }
        }
    }
}

impl Topics {
    /// The names of all topics that are in use.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let required = self.required().into_iter().map(|(_, topic)| topic);
        required
            .chain([self.workloads.as_str(), self.payload_status.as_str()])
            .filter(|topic| !topic.is_empty())
    }

    fn required(&self) -> [(&'static str, &str); 4] {
        [
            ("kafka.topics.announce", &self.announce),
            ("kafka.topics.results", &self.results),
            ("kafka.topics.announce_dead_letters", &self.announce_dead_letters),
            ("kafka.topics.results_dead_letters", &self.results_dead_letters),
        ]
    }
}

impl SecurityProtocol {
    /// The name that Kafka clients use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plaintext => "PLAINTEXT",
            Self::Ssl => "SSL",
            Self::SaslPlaintext => "SASL_PLAINTEXT",
            Self::SaslSsl => "SASL_SSL",
        }
    }

    /// Whether it needs a user name and a password.
    pub fn authenticates(self) -> bool {
        matches!(self, Self::SaslPlaintext | Self::SaslSsl)
    }

    /// Whether it needs certificates.
    pub fn encrypts(self) -> bool {
        matches!(self, Self::Ssl | Self::SaslSsl)
    }
}

impl SaslMechanism {
    /// The name that Kafka clients use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}
