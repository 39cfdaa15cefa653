//! `status`

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema;

/// The observed state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(transform = schema::refine)]
pub struct CcxPipelineStatus {
    /// The generation of the object that this status is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// The operator that manages the resource, as the namespace and the name of its Lease. Another operator leaves the resource alone
    /// until that Lease was not renewed for ten minutes, or this is removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 320))]
    pub controller: Option<String>,
    /// The conditions, each with its reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 32),
        transform = schema::brief,
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"])
    )]
    pub conditions: Vec<Condition>,
    /// The components and their pods.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub components: Vec<ComponentStatus>,
    /// Number of pipeline pods, for the scale subresource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_pipeline_replicas: Option<i32>,
    /// The labels of the pipeline pods, for the scale subresource.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub selector: Option<String>,
    /// The Jobs that have succeeded or failed, also when their objects no longer exist.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub jobs: Vec<JobStatus>,
    /// The version of the database's schema.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema_version: Option<SchemaVersion>,
    /// The addresses of the API and of its dependencies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoints: Option<Endpoints>,
    /// The Secret with the managed database's credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub database_secret: Option<String>,
    /// The rules that run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules: Option<RulesStatus>,
    /// The planned changes, with `spec.mode: Plan`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
}

/// A component and its pods.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ComponentStatus {
    /// The component.
    #[schemars(length(max = 63))]
    pub name: String,
    /// `ready/desired`, for the printed column.
    #[serde(default)]
    #[schemars(length(max = 32))]
    pub summary: String,
    /// Pods that are ready.
    #[serde(default)]
    pub ready: i32,
    /// Desired pods.
    #[serde(default)]
    pub desired: i32,
    /// Pods of the newest revision.
    #[serde(default)]
    pub updated: i32,
    /// The image of the newest revision.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub image: Option<String>,
}

/// A Job that has succeeded or failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobStatus {
    /// Its purpose: `migration` or `topics`.
    #[schemars(length(max = 63))]
    pub name: String,
    /// The name of its object.
    #[schemars(length(max = 253))]
    pub job: String,
    /// Whether the Job has succeeded. A successful migration is not repeated when its object is deleted.
    #[serde(default)]
    pub succeeded: bool,
    /// Number of its failures after which it was repeated.
    #[serde(default)]
    pub failures: i32,
    /// Digest of the volume claim of the managed database that was migrated.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub volume: Option<String>,
}

/// The version of the database's schema, as the last migration that succeeded has left it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SchemaVersion {
    /// The last migration of the reports.
    pub public: i32,
    /// The last migration of the workloads' recommendations.
    pub dvo: i32,
    /// The major version of PostgreSQL that has initialized the database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postgresql: Option<i32>,
    /// The Job that has brought the database there.
    #[schemars(length(max = 253))]
    pub job: String,
}

/// The addresses of the API and of its dependencies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Endpoints {
    /// URL of the API, from inside the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub api: Option<String>,
    /// URL of the API, from outside the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub external: Option<String>,
    /// URL of the public API.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub public_api: Option<String>,
    /// URL of the Advisor page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub page: Option<String>,
    /// URL to which clusters upload their archives.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub upload: Option<String>,
    /// The brokers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    pub kafka: Option<String>,
    /// The database as `host:port/name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub database: Option<String>,
}

/// The rules that run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RulesStatus {
    /// Digest of the rules of users, as reports carry it; empty without any.
    #[schemars(length(max = 128))]
    pub digest: String,
    /// Number of rules that run, built-in ones included.
    pub count: i32,
}

/// The planned changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Plan {
    /// The objects that would be written or deleted.
    #[schemars(length(max = 128), extend("x-kubernetes-list-type" = "atomic"))]
    pub changes: Vec<PlannedChange>,
    /// The components whose pods would restart.
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "atomic"))]
    pub restarts: Vec<PlannedRestart>,
    /// The number of further changes beyond the limit.
    pub omitted_changes: i32,
}

/// An object that would be written or deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlannedChange {
    /// The action.
    pub action: ChangeAction,
    /// Its kind.
    #[schemars(length(max = 63))]
    pub kind: String,
    /// Its name.
    #[schemars(length(max = 253))]
    pub name: String,
    /// The fields that would change, as `path: before -> after`, or with the lines that differ of a text. Values of
    /// Secrets are not among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), extend("x-kubernetes-list-type" = "atomic"), inner(length(max = 512)))]
    pub fields: Vec<String>,
}

/// The action on an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum ChangeAction {
    /// It would be created.
    Create,
    /// It would be updated.
    Update,
    /// It would be deleted.
    Delete,
}

/// A component whose pods would restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlannedRestart {
    /// The component.
    #[schemars(length(max = 63))]
    pub component: String,
    /// The reason for the restart, as a sentence.
    #[schemars(length(max = 1024))]
    pub reason: String,
}
