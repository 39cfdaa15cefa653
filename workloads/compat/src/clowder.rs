//! `cdappconfig.json`: the configuration that Clowder, the operator of the platform's applications, gives an
//! application.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use ccx_config::Secret;
use serde::Deserialize;
use snafu::{ResultExt, Snafu};

mod settings;

/// The document can't be used.
#[derive(Debug, Snafu)]
pub enum ClowderError {
    /// The file can't be read.
    #[snafu(display("failed to read the Clowder configuration {}", file.display()))]
    Read {
        /// The file.
        file: PathBuf,
        /// The system's reason.
        source: io::Error,
    },

    /// The document has another form. Its text, which has passwords, is not repeated.
    #[snafu(display(
        "the Clowder configuration {} is not understood, line {line}, column {column}",
        file.display()
    ))]
    Parse {
        /// The file.
        file: PathBuf,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
}

/// The parts of the document that our programs use.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Clowder {
    pub(crate) kafka: Option<Kafka>,
    pub(crate) database: Option<Database>,
    pub(crate) in_memory_db: Option<InMemoryDatabase>,
    pub(crate) object_store: Option<ObjectStore>,
    pub(crate) public_port: Option<u16>,
    pub(crate) metrics_port: Option<u16>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Kafka {
    pub(crate) brokers: Vec<KafkaBroker>,
    pub(crate) topics: Vec<Topic>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KafkaBroker {
    pub(crate) hostname: String,
    pub(crate) port: Option<u16>,
    pub(crate) authtype: Option<String>,
    pub(crate) security_protocol: Option<String>,
    pub(crate) sasl: Option<Sasl>,
    /// The certificates of the authorities, PEM.
    pub(crate) cacert: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Sasl {
    pub(crate) username: String,
    pub(crate) password: Secret,
    #[serde(rename = "saslMechanism")]
    pub(crate) mechanism: String,
    pub(crate) security_protocol: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Topic {
    pub(crate) requested_name: String,
    pub(crate) name: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Database {
    pub(crate) hostname: String,
    pub(crate) port: u16,
    pub(crate) username: String,
    pub(crate) password: Secret,
    pub(crate) name: String,
    /// The certificates of the database's authorities, PEM.
    pub(crate) rds_ca: Option<String>,
    pub(crate) ssl_mode: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InMemoryDatabase {
    pub(crate) hostname: String,
    pub(crate) port: u16,
    #[serde(default)]
    pub(crate) username: Option<String>,
    #[serde(default)]
    pub(crate) password: Option<Secret>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ObjectStore {
    pub(crate) hostname: String,
    pub(crate) port: Option<u16>,
    #[serde(default)]
    pub(crate) tls: bool,
    pub(crate) access_key: Option<String>,
    pub(crate) secret_key: Option<Secret>,
    #[serde(default)]
    pub(crate) buckets: Vec<Bucket>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Bucket {
    pub(crate) requested_name: String,
    pub(crate) name: String,
    /// Overrides that of the store.
    pub(crate) access_key: Option<String>,
    /// Overrides that of the store.
    pub(crate) secret_key: Option<Secret>,
    pub(crate) region: Option<String>,
}

impl Clowder {
    /// Reads the document that variable `ACG_CONFIG` names; `None` when Clowder is not in use.
    pub fn load(file: Option<&str>) -> Result<Option<Self>, ClowderError> {
        let Some(file) = file else { return Ok(None) };
        let text = fs::read_to_string(file).context(ReadSnafu { file })?;
        let document = serde_json::from_str(&text).map_err(|error| ClowderError::Parse {
            file: file.into(),
            line: error.line(),
            column: error.column(),
        })?;
        Ok(Some(document))
    }
}

impl Kafka {
    /// Returns the name of a topic on the brokers.
    pub(crate) fn topic(&self, requested: &str) -> Option<&str> {
        self.topics.iter().find(|topic| topic.requested_name == requested).map(|topic| topic.name.as_str())
    }
}

impl KafkaBroker {
    /// Returns the address, with Kafka's port if none is given.
    pub(crate) fn address(&self) -> String {
        format!("{}:{}", self.hostname, self.port.unwrap_or(9092))
    }

    /// Returns the security protocol, which stands at the broker or at its SASL credentials.
    pub(crate) fn security_protocol(&self) -> Option<&str> {
        let of_sasl = self.sasl.as_ref().and_then(|sasl| sasl.security_protocol.as_deref());
        self.security_protocol.as_deref().or(of_sasl).filter(|protocol| !protocol.is_empty())
    }
}

/// Writes the certificates of authorities to a file in `folder`, where clients read them; none for an empty text.
pub(crate) fn write_authorities(pem: Option<&str>, folder: &Path, name: &str) -> io::Result<Option<PathBuf>> {
    let Some(pem) = pem.filter(|pem| !pem.is_empty()) else { return Ok(None) };
    let file = folder.join(name);
    fs::write(&file, pem)?;
    Ok(Some(file))
}
