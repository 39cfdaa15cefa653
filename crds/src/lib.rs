//! The `CcxPipeline` resource: one object describes a whole installation.
//!
//! ```yaml
//! apiVersion: ccx.openshift.io/v1alpha1
//! kind: CcxPipeline
//! metadata:
//!   name: ccx
//! spec:
//!   kafka:
//!     bootstrapServers: ["kafka:9092"]
//!   objectStorage:
//!     bucket: insights-upload
//! ```
//!
//! The types are the source of everything else: the schema with its descriptions, defaults, bounds and CEL rules is derived
//! from them ([`crd_yaml`]), and the same schema judges a resource offline as the API server would ([`validate`]).
//!
//! Whatever the schema lets pass can be deserialised: an operator that can't read one object of a watch sees none of them.
//!
//! This crate does no I/O.

mod aggregator;
mod autoscaling;
mod data_pipeline;
mod database;
mod db_writer;
mod definition;
mod duration;
mod exposure;
mod field;
mod insights_core;
mod kafka;
mod lifecycle;
mod logging;
mod monitoring;
mod object_storage;
mod pod_template;
mod quantity;
mod reference;
mod resources;
mod retry;
mod rule;
mod rule_sources;
mod schema;
mod spec;
mod status;
mod topics;
mod validation;

pub use aggregator::{Aggregator, Authentication};
pub use autoscaling::{AggregatorAutoscaling, AggregatorScaling, PipelineAutoscaling, PipelineScaling};
pub use data_pipeline::{ArchiveLimits, DataPipeline, Downloads};
pub use database::{
    Database, DatabaseChoice, DatabaseConnection, DatabaseType, ExternalDatabase, ManagedDatabase, Storage, StorageVolume,
    TlsMode,
};
pub use db_writer::{Batch, DbWriter};
pub use definition::crd_yaml;
pub use duration::{DurationError, GoDuration};
pub use exposure::{Exposure, ExposureType, Gateway, Ingress, ParentRef, Route, RouteTermination};
pub use insights_core::{InsightsCore, InsightsCoreComponents, InsightsCoreFailure, InsightsCoreMode};
pub use kafka::{Kafka, Sasl, SaslMechanism, SecurityProtocol, StartOffset, StrimziRef};
pub use lifecycle::{DeletionPolicy, Mode, NetworkPolicyMode, Reconciliation};
pub use logging::{LogFormat, LogLevel, Logging};
pub use monitoring::{Dashboards, Monitoring, Presence, Scrape};
pub use object_storage::{Addressing, CredentialsType, LinkPolicy, ObjectStorage, StorageCredentials, WorkloadIdentity};
pub use pod_template::{ImagePullPolicy, PodTemplate};
pub use quantity::{ByteQuantity, QuantityError};
pub use reference::{
    CaSecretRef, CertificateSecretRef, ConfigMapKeyRef, CredentialsSecretRef, LocalRef, S3CredentialsSecretRef,
};
pub use resources::Resources;
pub use retry::Retry;
pub use rule_sources::{BuiltInRules, RuleImage, RuleSources, RuleVolume};
pub use spec::{CcxPipeline, CcxPipelineSpec};
pub use status::{
    CcxPipelineStatus, ChangeAction, ComponentStatus, Endpoints, Plan, PlannedChange, PlannedRestart, RulesStatus,
    SchemaVersion,
};
pub use topics::{TopicManagement, TopicPolicy, Topics};
pub use validation::{Refused, Violation, accept, validate, with_defaults};
