//! Recommendations for the workloads of namespaces.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{ExtraData, HitsByRisk, time};

/// A namespace with the numbers of its recommendations.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NamespaceSummary {
    /// The cluster.
    pub cluster: WorkloadCluster,
    /// The namespace.
    pub namespace: NamespaceRef,
    /// The numbers and times.
    pub metadata: WorkloadMeta,
}

/// A cluster of workloads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct WorkloadCluster {
    /// The cluster.
    pub uuid: String,
    /// The name; the id when the name is unknown.
    pub display_name: String,
}

/// A namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct NamespaceRef {
    /// The UID.
    pub uuid: String,
    /// The name; the UID when the name is unknown.
    pub name: String,
}

/// The numbers and times of a namespace.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WorkloadMeta {
    /// Number of recommendations.
    pub recommendations: i32,
    /// Number of workloads that they concern.
    pub objects: i32,
    /// When the namespace was first reported.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "time::seconds")]
    #[schema(nullable = false)]
    pub reported_at: Option<DateTime<Utc>>,
    /// When the archive was announced.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "time::seconds")]
    #[schema(nullable = false)]
    pub last_checked_at: Option<DateTime<Utc>>,
    /// The highest severity; 0 when no recommendation has texts.
    pub highest_severity: u8,
    /// Number of hits of each severity.
    pub hits_by_severity: HitsByRisk,
}

/// A namespace with its recommendations.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WorkloadReport {
    /// The cluster.
    pub cluster: WorkloadCluster,
    /// The namespace.
    pub namespace: NamespaceRef,
    /// The numbers and times.
    pub metadata: WorkloadMeta,
    /// The recommendations.
    pub recommendations: Vec<WorkloadRecommendation>,
}

/// A recommendation for workloads of a namespace.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WorkloadRecommendation {
    /// The headline; the composite id when there are no texts.
    pub check: String,
    /// The problem in general.
    pub details: String,
    /// The steps that solve the problem.
    pub resolution: String,
    /// When the texts were published.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "time::seconds")]
    #[schema(nullable = false)]
    pub modified: Option<DateTime<Utc>>,
    /// The finding, and its consequences.
    pub reason: String,
    /// Links to more information.
    pub more_info: String,
    /// The severity: 1 is low, 4 is critical.
    #[schema(minimum = 1, maximum = 4)]
    pub total_risk: u8,
    /// The data for the texts.
    pub extra_data: ExtraData,
    /// The workloads.
    pub objects: Vec<WorkloadObject>,
}

/// A workload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct WorkloadObject {
    /// The kind, for example `Deployment`.
    pub kind: String,
    /// The UID.
    pub uid: String,
    /// The name; absent when unknown.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub display_name: String,
}
