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
//! Every field has a default that is right for production where one exists. [`Config::load`] returns all problems at once, each
//! with the line or variable, the key, and what is expected; never with the value, which may be a secret. Each secret can come
//! from a file (`…_file`) instead, as Kubernetes mounts them.
//!
//! This crate has no dependency on what it configures, so that the operator, which renders this format, stays small.

mod archive;
mod auth;
mod database;
mod durations;
mod environment;
mod files;
pub mod formats;
mod ingress;
mod insights_core;
mod insights_operator;
mod kafka;
mod known_keys;
mod load;
mod logging;
mod object_storage;
mod problem;
mod retry;
mod roles;
mod rules;
mod secret;
mod size;
mod smart_proxy;
mod topics;
mod valkey;
mod web;
mod workload;
mod workload_checks;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use archive::{ArchiveLimits, MEMORY_MARGIN};
pub use auth::{Auth, JwtAlgorithm, Oidc, Rbac, TokenReview};
pub use database::{Database, TlsMode};
pub use environment::not_utf8;
pub use ingress::Ingress;
pub use insights_core::{Components, HitDetails, InsightsCore, OnFailure};
pub use insights_operator::InsightsOperator;
pub use kafka::{Kafka, SaslMechanism, SecurityProtocol, StartOffset};
pub use logging::{LogFormat, Logging};
pub use object_storage::{Addressing, LinkPolicy, ObjectStorage};
pub use problem::{ConfigErrors, Origin, Problem};
pub use retry::Retry;
pub use roles::{
    ArchiveSync, CannedAcl, DvoExtractor, PipelineRole, RulesUploader, ShaExtractor, TEMPLATE_VARIABLES,
};
pub use rules::Rules;
pub use secret::{Secret, SecretError};
pub use smart_proxy::{AccountManagement, Escaping, SmartProxy};
pub use topics::Topics;
pub use valkey::Valkey;
pub use web::{Web, WebLogin};
pub use workload::{Aggregator, Authentication, DvoWriter, Pipeline, ValkeyWriter, Writer};
pub use workload_checks::{Compression, WorkloadChecks};

/// The whole file.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The brokers, and how to connect and authenticate.
    pub kafka: Kafka,
    /// The S3 service with the archives.
    pub object_storage: ObjectStorage,
    /// The database of the results.
    pub database: Database,
    /// The Valkey or Redis server with the processed requests.
    pub valkey: Valkey,
    /// Limits of an archive.
    pub archive: ArchiveLimits,
    /// `ccx-data-pipeline`.
    pub pipeline: Pipeline,
    /// The rules that run on archives.
    pub rules: Rules,
    /// Rules of insights-core, run in Python.
    pub insights_core: InsightsCore,
    /// The checks of the users' workloads.
    pub workload_checks: WorkloadChecks,
    /// The role `dvo-extractor` of the pipeline.
    pub dvo_extractor: DvoExtractor,
    /// The role `sha-extractor` of the pipeline.
    pub sha_extractor: ShaExtractor,
    /// The role `archive-sync` of the pipeline.
    pub archive_sync: ArchiveSync,
    /// The role `rules-uploader` of the pipeline.
    pub rules_uploader: RulesUploader,
    /// `insights-results-db-writer`, and the batches of every writer.
    pub writer: Writer,
    /// The writer of checked workloads.
    pub dvo_writer: DvoWriter,
    /// The writer of processed requests.
    pub valkey_writer: ValkeyWriter,
    /// `insights-results-aggregator`.
    pub aggregator: Aggregator,
    /// `insights-results-smart-proxy`.
    pub smart_proxy: SmartProxy,
    /// The Advisor page.
    pub web: Web,
    /// Authentication of the callers of the public API, of uploads and of the web page.
    pub auth: Auth,
    /// Uploads of archives, and the remote gathering rules that clusters read.
    pub ingress: Ingress,
    /// Retries of failed requests.
    pub retry: Retry,
    /// The events that are logged, and their format.
    pub logging: Logging,
}

impl Config {
    /// Returns every problem of the values, independent of how they were read: contradictions and values out of range.
    ///
    /// These are the checks of the loader. The operator applies them to the configuration that it makes out of a resource.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        self.kafka.check(&mut problems);
        self.object_storage.check(&mut problems);
        self.database.check(&mut problems);
        self.valkey.check(&mut problems);
        self.archive.check(&mut problems);
        self.pipeline.check(&mut problems);
        roles::check(self, &mut problems);
        self.rules.check(&mut problems);
        self.insights_core.check(&mut problems);
        self.writer.check(&mut problems);
        self.dvo_writer.check(&mut problems);
        self.valkey_writer.check(&mut problems);
        self.aggregator.check(&mut problems);
        self.smart_proxy.check(&mut problems);
        self.web.check(&mut problems);
        self.web.check_login(&self.auth, &mut problems);
        self.auth.check(&mut problems);
        self.ingress.check(&mut problems);
        self.retry.check(&mut problems);
        self.logging.check(&mut problems);
        durations::check(self, &mut problems);
        problems
    }

    /// Formats the configuration as TOML for people. Secrets, and the values of `kafka.properties`, are hidden.
    ///
    /// # Panics
    /// Never: every value has a form in TOML, as a test shows.
    pub fn to_redacted_toml(&self) -> String {
        let redacted = Self { kafka: self.kafka.without_property_values(), ..self.clone() };
        toml::to_string(&redacted).expect("every value of the configuration has a form in TOML")
    }
}
