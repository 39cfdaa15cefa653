//! `spec`: a file for each part.

mod aggregator;
mod autoscaling;
mod caller_authentication;
mod cleaner;
mod data_pipeline;
mod database;
mod db_writer;
mod exposure;
mod insights_core;
mod kafka;
mod lifecycle;
mod logging;
mod monitoring;
mod network_policy;
mod object_storage;
mod page;
mod pod_template;
mod public_api;
mod reference;
mod requests_writer;
mod resources;
mod retry;
mod rule_sources;
mod topics;
mod uploads;
mod workload_checks;
mod workloads_writer;

use kube::{CustomResource, core::Rule};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    CcxPipelineStatus,
    schema::{self, field::image, rule::rule},
};

pub use aggregator::{Aggregator, Authentication};
pub use autoscaling::{AggregatorAutoscaling, AggregatorScaling, PipelineAutoscaling, PipelineScaling};
pub use caller_authentication::{CallerAuthentication, Oidc, TokenReview};
pub use cleaner::Cleaner;
pub use data_pipeline::{ArchiveLimits, DataPipeline, Downloads};
pub use database::{
    Database, DatabaseChoice, DatabaseConnection, DatabaseType, ExternalDatabase, ManagedDatabase, Storage,
    StorageVolume, TlsMode,
};
pub use db_writer::{Batch, DbWriter};
pub use exposure::{
    Exposure, ExposureType, Gateway, IdentitySource, Ingress, ParentRef, Route, RouteTermination,
};
pub use insights_core::{InsightsCore, InsightsCoreComponents, InsightsCoreFailure, InsightsCoreMode};
pub use kafka::{Kafka, Sasl, SaslMechanism, SecurityProtocol, StartOffset, StrimziRef};
pub use lifecycle::{DeletionPolicy, Mode};
pub use logging::{LogFormat, LogLevel, Logging};
pub use monitoring::{Dashboards, Monitoring, Presence, Scrape};
pub use network_policy::{NetworkPolicy, NetworkPolicyMode};
pub use object_storage::{
    Addressing, CredentialsType, LinkPolicy, ObjectStorage, StorageCredentials, WorkloadIdentity,
};
pub use page::{ClientSecretRef, PageLogin, PageSecretRef};
pub use pod_template::{ImagePullPolicy, PodTemplate};
pub use public_api::{AccountManagement, ConsoleLink, PublicApi};
pub use reference::{
    CaSecretRef, CertificateSecretRef, ConfigMapKeyRef, CredentialsSecretRef, LocalRef,
    S3CredentialsSecretRef,
};
pub use requests_writer::{RequestsWriter, Valkey, ValkeyTls};
pub use resources::Resources;
pub use retry::Retry;
pub use rule_sources::{
    BuiltInRules, ContentConfigMap, ContentFile, RuleContent, RuleImage, RuleSources, RuleVolume,
};
pub use topics::{OwnedTopic, TopicManagement, TopicPolicy, Topics};
pub use uploads::Uploads;
pub use workload_checks::{WorkloadChecks, WorkloadCompression};
pub use workloads_writer::WorkloadsWriter;

/// The desired state: one installation of the data pipeline, from announced archives to reports served by REST.
///
/// Only `kafka.bootstrapServers` and `objectStorage.bucket` have to be given.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "ccx.openshift.io",
    version = "v1alpha1",
    kind = "CcxPipeline",
    namespaced,
    status = "CcxPipelineStatus",
    derive = "PartialEq",
    shortname = "ccxp",
    category = "ccx",
    doc = "An installation of the CCX data pipeline: archives that clusters send in become reports served by REST.",
    validation = rule(
        "self.metadata.name.size() <= 35",
        "choose a metadata.name of at most 35 characters: it is the beginning of the names of all parts"
    ),
    validation = rule(
        "self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
        "choose a metadata.name of lower-case letters, digits and -, beginning with a letter: it is part of the names of Services"
    ),
    validation = database::storage_class_rule(),
    validation = database::storage_size_rule(),
    selectable = ".spec.mode",
    selectable = ".spec.deletionPolicy",
    selectable = ".spec.database.type",
    scale(
        spec_replicas_path = ".spec.dataPipeline.replicas",
        status_replicas_path = ".status.dataPipelineReplicas",
        label_selector_path = ".status.selector"
    ),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].status",
        description = "Whether everything that was asked for is there and working"
    ),
    printcolumn(
        name = "Reason",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].reason",
        description = "Why it is ready, or why not"
    ),
    printcolumn(
        name = "Pipeline",
        type_ = "string",
        json_path = ".status.components[?(@.name==\"data-pipeline\")].summary",
        description = "Pods that run rules: ready/desired"
    ),
    printcolumn(
        name = "Writer",
        type_ = "string",
        json_path = ".status.components[?(@.name==\"insights-results-db-writer\")].summary",
        description = "Pods that write to the database: ready/desired"
    ),
    printcolumn(
        name = "API",
        type_ = "string",
        json_path = ".status.components[?(@.name==\"insights-results-aggregator\")].summary",
        description = "Pods that serve reports: ready/desired"
    ),
    printcolumn(
        name = "Database",
        type_ = "string",
        json_path = ".spec.database.type",
        description = "Whether the operator runs the database or somebody else"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "Mode",
        type_ = "string",
        json_path = ".spec.mode",
        priority = 1,
        description = "Whether changes are made, only planned, or neither"
    ),
    printcolumn(
        name = "Suspended",
        type_ = "boolean",
        json_path = ".spec.suspend",
        priority = 1,
        description = "Whether the workloads are scaled to zero"
    ),
    printcolumn(
        name = "Schema",
        type_ = "integer",
        json_path = ".status.schemaVersion.public",
        priority = 1,
        description = "Version of the database's schema"
    ),
    printcolumn(
        name = "Rules",
        type_ = "integer",
        json_path = ".status.rules.count",
        priority = 1,
        description = "Number of loaded rules"
    ),
    printcolumn(
        name = "URL",
        type_ = "string",
        json_path = ".status.endpoints.external",
        priority = 1,
        description = "Where the API is served to the outside"
    ),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].message",
        priority = 1,
        description = "What is missing, in a sentence"
    )
)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = schema::refine)]
#[schemars(extend("x-kubernetes-validations" = CcxPipelineSpec::rules()))]
pub struct CcxPipelineSpec {
    /// The brokers, and the authentication to them.
    pub kafka: Kafka,
    /// The object storage with the archives: any S3 service.
    pub object_storage: ObjectStorage,
    /// The PostgreSQL database of the results: one that the operator runs, or one that exists.
    #[serde(default)]
    pub database: Database,
    /// The pods that download archives and run rules on them.
    #[serde(default)]
    pub data_pipeline: DataPipeline,
    /// The pod that stores results in the database.
    #[serde(default)]
    pub db_writer: DbWriter,
    /// The pods that serve reports by REST.
    #[serde(default)]
    pub aggregator: Aggregator,
    /// The pod that stores the checks of workloads (DVO) in the database. Absent means that none does; it needs
    /// `kafka.topics.workloads`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workloads_writer: Option<WorkloadsWriter>,
    /// The pods that serve the public API and the Advisor page. Absent means that none do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_api: Option<PublicApi>,
    /// The pods that receive the archives of clusters. Absent means that none do: another service announces archives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ingress: Option<Uploads>,
    /// The pod that stores processed requests in Valkey or Redis. Absent means that none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_writer: Option<RequestsWriter>,
    /// The CronJob that deletes old reports. Absent means that none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cleaner: Option<Cleaner>,
    /// The image of all workloads. Absent means the one that was released with the operator.
    ///
    /// Example: `quay.io/ccx/ccx:0.1.0`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(transform = image)]
    pub image: Option<String>,
    /// Secrets with the registries' credentials, in the same namespace, for every pod.
    ///
    /// Example: `[{name: registry-login}]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub image_pull_secrets: Vec<LocalRef>,
    /// Whether changes are applied, only written to `status.plan`, or neither.
    #[serde(default)]
    pub mode: Mode,
    /// Scales the workloads to zero, in the order in which nothing is lost. The database keeps running.
    #[serde(default)]
    pub suspend: bool,
    /// Treatment of the managed database, its volume and its password when this object is deleted.
    #[serde(default)]
    pub deletion_policy: DeletionPolicy,
    /// Number and intervals of retries.
    #[serde(default)]
    pub retry: Retry,
    /// Logging of the workloads.
    #[serde(default)]
    pub logging: Logging,
    /// Metrics, alerts and dashboards.
    #[serde(default)]
    pub monitoring: Monitoring,
    /// Limits the traffic of the pods to what they need.
    #[serde(default, deserialize_with = "network_policy::settings_or_mode")]
    pub network_policy: NetworkPolicy,
}

impl CcxPipelineSpec {
    /// The rules about several sections, which stand beside the type of the section that they blame.
    fn rules() -> Vec<Rule> {
        [
            data_pipeline::rules_of_spec(),
            database::rules_of_spec(),
            db_writer::rules_of_spec(),
            workloads_writer::rules_of_spec(),
            requests_writer::rules_of_spec(),
            uploads::rules_of_spec(),
            lifecycle::rules_of_spec(),
        ]
        .concat()
    }
}
