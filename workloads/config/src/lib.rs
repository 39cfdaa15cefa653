//! The configuration of all workloads: one TOML file, every key overridable by the environment.
//!
//! ```toml
//! [kafka]
//! bootstrap_servers = ["kafka:9092"]
//!
//! [object_storage]
//! bucket = "insights-upload"
//! ```
//!
//! The same key as a variable is `CCX__KAFKA__BOOTSTRAP_SERVERS=kafka:9092,other:9092`: the path in upper case behind `CCX__`,
//! its parts joined by two underscores, lists joined by commas.
//!
//! Every field has a default that is right for production where one exists. A wrong file is reported whole: [`Config::load`]
//! returns all its mistakes at once, each with the key, the value and what would be right. Secrets are never printed; each can
//! come from a file (`…_file`) instead, as Kubernetes mounts them.
//!
//! This crate has no dependency on what it configures, so that the operator, which renders this format, stays small.

mod archive;
mod database;
mod insights_core;
mod kafka;
mod load;
mod logging;
mod object_storage;
mod retry;
mod rules;
mod secret;
mod size;
mod workload;
mod workload_checks;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use archive::ArchiveLimits;
pub use database::{Database, TlsMode};
pub use insights_core::{Components, HitDetails, InsightsCore, OnFailure};
pub use kafka::{Kafka, SaslMechanism, SecurityProtocol, StartOffset, Topics};
pub use load::{ConfigErrors, Problem};
pub use logging::{LogFormat, Logging};
pub use object_storage::{Addressing, LinkPolicy, ObjectStorage};
pub use retry::Retry;
pub use rules::Rules;
pub use secret::{Secret, SecretError};
pub use workload::{Aggregator, Authentication, Pipeline, Writer};
pub use workload_checks::{Compression, WorkloadChecks};

/// The whole file.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The brokers, and how to be let in.
    pub kafka: Kafka,
    /// Where the archives are.
    pub object_storage: ObjectStorage,
    /// Where the results are stored.
    pub database: Database,
    /// What an archive may contain.
    pub archive: ArchiveLimits,
    /// `ccx-data-pipeline`.
    pub pipeline: Pipeline,
    /// Which rules judge archives.
    pub rules: Rules,
    /// Rules of insights-core, run in Python.
    pub insights_core: InsightsCore,
    /// The checks of the users' workloads.
    pub workload_checks: WorkloadChecks,
    /// `insights-results-db-writer`.
    pub writer: Writer,
    /// `insights-results-aggregator`.
    pub aggregator: Aggregator,
    /// How often and how long something that failed is tried again.
    pub retry: Retry,
    /// What is logged, and how.
    pub logging: Logging,
}
