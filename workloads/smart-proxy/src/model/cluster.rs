//! Clusters.

use ccx_messages::ClusterId;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{HitsByRisk, time};

/// A cluster with the numbers of its hits.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ClusterSummary {
    /// The cluster.
    #[schema(value_type = String, format = Uuid)]
    pub cluster_id: ClusterId,
    /// The name; the id when the name is unknown.
    pub cluster_name: String,
    /// Whether the vendor manages the cluster.
    pub managed: bool,
    /// When the archive of the latest report was announced; absent without a report.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "time::seconds")]
    #[schema(nullable = false)]
    pub last_checked_at: Option<DateTime<Utc>>,
    /// Number of enabled hits.
    pub total_hit_count: u32,
    /// Number of enabled hits of each severity.
    pub hits_by_total_risk: HitsByRisk,
    /// The OpenShift version; absent when unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cluster_version: Option<String>,
    /// Present and true when the latest report is older than reports usually get.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stale: bool,
}

/// A cluster without its hits.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ClusterInfo {
    /// The cluster.
    #[schema(value_type = String, format = Uuid)]
    pub cluster_id: ClusterId,
    /// The name; the id when the name is unknown.
    pub display_name: String,
    /// Whether the vendor manages the cluster.
    pub managed: bool,
    /// `Active` or `Stale`, or the status of the cluster's subscription.
    pub status: String,
}
