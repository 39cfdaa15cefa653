//! Rules, and the clusters that they hit.

use ccx_messages::ClusterId;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::time;

/// A rule with the number of clusters that it hits.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RecommendationSummary {
    /// The composite id: `<module>|<error key>`.
    pub rule_id: String,
    /// The headline.
    pub description: String,
    /// The problem on any cluster. Markdown.
    pub generic: String,
    /// When the rule was published.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "time::seconds")]
    #[schema(nullable = false)]
    pub publish_date: Option<DateTime<Utc>>,
    /// The severity: 1 is low, 4 is critical.
    #[schema(minimum = 1, maximum = 4)]
    pub total_risk: u8,
    /// The risk of the resolution.
    #[schema(maximum = 4)]
    pub resolution_risk: u8,
    /// The impact of the finding.
    #[schema(maximum = 4)]
    pub impact: u8,
    /// The likelihood of the impact.
    #[schema(maximum = 4)]
    pub likelihood: u8,
    /// Words to filter by.
    pub tags: Vec<String>,
    /// Whether the rule is disabled for the organisation.
    pub disabled: bool,
    /// Number of clusters that the rule hits and is enabled for.
    pub impacted_clusters_count: u32,
}

/// A rule with all its texts and the organisation's opinion.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RecommendationDetails {
    /// The composite id: `<module>|<error key>`.
    pub rule_id: String,
    /// The headline.
    pub description: String,
    /// The problem on any cluster. Markdown, as the following texts; they are templates over a hit's data.
    pub generic: String,
    /// The finding in a cluster, and its consequences.
    pub reason: String,
    /// The steps that solve the problem.
    pub resolution: String,
    /// Links to more information.
    pub more_info: String,
    /// The severity: 1 is low, 4 is critical.
    #[schema(minimum = 1, maximum = 4)]
    pub total_risk: u8,
    /// The risk of the resolution.
    #[schema(maximum = 4)]
    pub resolution_risk: u8,
    /// The impact of the finding.
    #[schema(maximum = 4)]
    pub impact: u8,
    /// The likelihood of the impact.
    #[schema(maximum = 4)]
    pub likelihood: u8,
    /// When the rule was published.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "time::seconds")]
    #[schema(nullable = false)]
    pub publish_date: Option<DateTime<Utc>>,
    /// The organisation's rating: -1, 0 or 1.
    #[schema(minimum = -1, maximum = 1)]
    pub rating: i16,
    /// Number of clusters for which the rule is disabled.
    pub hosts_acked_count: usize,
    /// Words to filter by.
    pub tags: Vec<String>,
    /// Whether the rule is disabled for the organisation.
    pub disabled: bool,
}

/// The clusters that a rule hits.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct ImpactedClusters {
    /// The clusters for which the rule is enabled.
    pub enabled: Vec<ImpactedCluster>,
    /// The clusters for which the rule is disabled.
    pub disabled: Vec<DisabledCluster>,
}

/// A cluster that a rule hits.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ImpactedCluster {
    /// The cluster.
    #[schema(value_type = String, format = Uuid)]
    pub cluster: ClusterId,
    /// The name; the id when the name is unknown.
    pub cluster_name: String,
    /// When the hit was last stored.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "time::seconds")]
    #[schema(nullable = false)]
    pub last_checked_at: Option<DateTime<Utc>>,
    /// Since when the rule has hit without interruption.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "time::seconds")]
    #[schema(nullable = false)]
    pub impacted: Option<DateTime<Utc>>,
    /// The cluster's version.
    pub meta: ClusterVersion,
}

/// A cluster's version.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ClusterVersion {
    /// The OpenShift version; empty when unknown.
    pub cluster_version: String,
}

/// A cluster for which a rule is disabled.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DisabledCluster {
    /// The cluster.
    #[schema(value_type = String, format = Uuid)]
    pub cluster_id: ClusterId,
    /// The name; the id when the name is unknown.
    pub cluster_name: String,
    /// When the rule was disabled.
    #[serde(serialize_with = "time::or_empty")]
    #[schema(value_type = String)]
    pub disabled_at: Option<DateTime<Utc>>,
    /// The user who disabled the rule; empty when unknown.
    pub disabled_by: String,
    /// The latest reason that a user gave; may be empty.
    pub justification: String,
}
