//! `insights-results-aggregator-exporter`: exports tables as CSV.

use std::{collections::BTreeMap, io, path::Path};

use ccx_config::{Addressing, ObjectStorage, Secret};
use serde::Deserialize;

use crate::{
    Clowder, Flag, FlagKind, LoadError,
    aggregator::{Storage, log_settings},
    cleaner::Logging,
    load::Sources,
    weak,
};

const SOURCES: Sources = Sources {
    file_variable: "INSIGHTS_RESULTS_AGGREGATOR_EXPORTER_CONFIG_FILE",
    variable_prefix: "INSIGHTS_RESULTS_AGGREGATOR_EXPORTER__",
};

/// The text of `-version`.
pub const VERSION: &str = "Insights Results Aggregator Exporter version 1.0";

/// The flags in the order of the help.
pub const FLAGS: [Flag; 11] = [
    Flag { name: "authors", kind: FlagKind::Bool(false), help: "show authors" },
    Flag { name: "check-s3-connection", kind: FlagKind::Bool(false), help: "check S3 connection and exit" },
    Flag {
        name: "disabled-by-more-users",
        kind: FlagKind::Bool(false),
        help: "export rules disabled by more users",
    },
    Flag { name: "export-log", kind: FlagKind::Bool(false), help: "export log" },
    Flag {
        name: "ignore-tables",
        kind: FlagKind::Text(""),
        help: "comma-separated list of tables that will be ignored",
    },
    Flag { name: "limit", kind: FlagKind::Int(-1), help: "limit number of exported records" },
    Flag { name: "metadata", kind: FlagKind::Bool(false), help: "export metadata" },
    Flag { name: "output", kind: FlagKind::Text("S3"), help: "output to: file, S3" },
    Flag { name: "show-configuration", kind: FlagKind::Bool(false), help: "show configuration" },
    Flag { name: "summary", kind: FlagKind::Bool(false), help: "print summary table after export" },
    Flag { name: "version", kind: FlagKind::Bool(false), help: "show version" },
];

/// The exit status of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitStatus {
    /// Success.
    Ok = 0,
    /// The log can't be set up.
    Logging = 1,
    /// The database can't be read, or a table not be stored; also an invalid command line.
    Storage = 2,
    /// S3 can't be used.
    S3 = 3,
    /// The configuration is invalid.
    Configuration = 4,
    /// A file can't be written.
    Io = 5,
}

/// The configuration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The database.
    pub storage: ExporterStorage,
    /// The object storage.
    pub s3: S3,
    /// The log.
    pub logging: Logging,
}

/// `[storage]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ExporterStorage {
    /// The connection.
    #[serde(flatten)]
    pub database: Storage,
    /// Whether only the rows of the organisations of the file are exported.
    #[serde(deserialize_with = "weak::boolean")]
    pub enable_org_id_filtering: bool,
    /// CSV file with a heading and the organisations.
    pub organization_ids_csv_file: String,
}

/// `[s3]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct S3 {
    /// The kind of service, which makes no difference.
    pub r#type: String,
    /// Host of the service.
    pub endpoint_url: String,
    /// Port; 0 is that of the scheme.
    #[serde(deserialize_with = "weak::number")]
    pub endpoint_port: u16,
    /// Id of the access key.
    pub access_key_id: String,
    /// The access key.
    pub secret_access_key: Secret,
    /// Whether connections are encrypted.
    #[serde(deserialize_with = "weak::boolean")]
    pub use_ssl: bool,
    /// The bucket.
    pub bucket: String,
    /// Begin of the objects' names, before a slash; may be empty.
    pub prefix: String,
}

impl Settings {
    /// Reads the file that `variables` name, or `config.toml` in `directory` if it exists, and overrides it by the variables.
    pub fn load(directory: &Path, variables: &BTreeMap<String, String>) -> Result<Self, LoadError> {
        SOURCES.load(Some(directory), variables, |_| ())
    }

    /// Overrides the connection by the Clowder document, whose certificates are written to `folder`.
    pub fn apply(&mut self, clowder: &Clowder, folder: &Path) -> io::Result<()> {
        self.storage.database.apply_clowder(clowder, folder)
    }

    /// Returns the equivalent settings of the log.
    pub fn log_settings(&self) -> ccx_config::Logging {
        log_settings(&self.logging.log_level, self.logging.debug)
    }
}

impl S3 {
    /// Returns the equivalent object storage.
    pub fn object_storage(&self) -> ObjectStorage {
        let host = self.endpoint_url.rsplit("://").next().unwrap_or_default().trim_end_matches('/');
        let scheme = if self.use_ssl { "https" } else { "http" };
        let endpoint = match (host, self.endpoint_port) {
            ("", _) => None,
            (host, 0) => Some(format!("{scheme}://{host}")),
            (host, port) => Some(format!("{scheme}://{host}:{port}")),
        };
        let has_key = !self.access_key_id.is_empty();
        ObjectStorage {
            // The bucket of a service with an address of its own is in the path.
            addressing: if endpoint.is_some() { Addressing::Path } else { Addressing::VirtualHost },
            endpoint,
            bucket: self.bucket.clone(),
            access_key_id: has_key.then(|| self.access_key_id.clone()),
            secret_access_key: has_key.then(|| self.secret_access_key.clone()),
            ..ObjectStorage::default()
        }
    }

    /// Returns the name of an object.
    pub fn object_name(&self, file: &str) -> String {
        match self.prefix.trim_matches('/') {
            "" => file.to_owned(),
            prefix => format!("{prefix}/{file}"),
        }
    }
}
