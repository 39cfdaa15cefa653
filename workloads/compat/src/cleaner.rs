//! `insights-results-aggregator-cleaner`: lists and deletes old reports.

use std::{collections::BTreeMap, io, path::Path};

use serde::Deserialize;

use crate::{
    Clowder, Flag, FlagKind, LoadError,
    aggregator::{Storage, log_settings},
    load::Sources,
    weak,
};

const SOURCES: Sources = Sources {
    file_variable: "INSIGHTS_RESULTS_CLEANER_CONFIG_FILE",
    variable_prefix: "INSIGHTS_RESULTS_CLEANER__",
};

/// The text of `-version`.
pub const VERSION: &str = "Insights Results Aggregator Cleaner version 1.0";

/// The flags in the order of the help. The last two follow the block that tests of the original compare.
pub const FLAGS: [Flag; 13] = [
    Flag { name: "authors", kind: FlagKind::Bool(false), help: "show authors" },
    Flag { name: "cleanup", kind: FlagKind::Bool(false), help: "perform database cleanup" },
    Flag { name: "clusters", kind: FlagKind::Text(""), help: "list of clusters to cleanup" },
    Flag { name: "fill-in-db", kind: FlagKind::Bool(false), help: "fill-in database by test data" },
    Flag { name: "max-age", kind: FlagKind::Text(""), help: "max age for displaying old records" },
    Flag {
        name: "multiple-rule-disable",
        kind: FlagKind::Bool(false),
        help: "list clusters with the same rule(s) disabled by different users",
    },
    Flag { name: "output", kind: FlagKind::Text(""), help: "filename for old cluster listing" },
    Flag { name: "show-configuration", kind: FlagKind::Bool(false), help: "show configuration" },
    Flag { name: "summary", kind: FlagKind::Bool(false), help: "print summary table after cleanup" },
    Flag { name: "vacuum", kind: FlagKind::Bool(false), help: "vacuum database" },
    Flag { name: "version", kind: FlagKind::Bool(false), help: "show cleaner version" },
    Flag { name: "cleanup-all", kind: FlagKind::Bool(false), help: "delete all records older than max-age" },
    Flag { name: "dry-run", kind: FlagKind::Bool(true), help: "count the records of cleanup-all instead" },
];

/// The exit status of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitStatus {
    /// Success.
    Ok = 0,
    /// The database can't be used.
    Storage = 1,
    /// Test data was not written; also an invalid command line.
    FillIn = 2,
    /// A deletion failed.
    Cleanup = 3,
    /// The database was not vacuumed.
    Vacuum = 4,
}

/// The configuration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The database.
    pub storage: CleanerStorage,
    /// The log.
    pub logging: Logging,
    /// The records.
    pub cleaner: Cleaner,
}

/// `[storage]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct CleanerStorage {
    /// The connection.
    #[serde(flatten)]
    pub database: Storage,
    /// `ocp_recommendations`, also when it is empty, or `dvo_recommendations`.
    pub schema: String,
}

/// `[logging]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Logging {
    /// Whether lines are formatted for people instead of as JSON.
    #[serde(deserialize_with = "weak::boolean")]
    pub debug: bool,
    /// The level, in the words of zerolog.
    pub log_level: String,
}

/// `[cleaner]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Cleaner {
    /// Age from which a record is old, such as `90 days`.
    pub max_age: String,
    /// File with the clusters to delete, a line each.
    pub cluster_list_file: String,
}

impl Settings {
    /// Reads the file that `variables` name, or `config.toml` in `directory` if it exists, and overrides it by the variables and
    /// by Clowder's document, whose certificates are written to `folder`.
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
