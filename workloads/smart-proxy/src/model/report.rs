//! A cluster's report.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{ExtraData, time};

/// The latest report of a cluster.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Report {
    /// The cluster, and the size and the times of the report.
    pub meta: ReportMeta,
    /// The rules that hit, sorted by rule and key.
    pub data: Vec<RuleHit>,
}

/// The cluster, and the size and the times of a report.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReportMeta {
    /// The cluster's name; its id when the name is unknown.
    pub cluster_name: String,
    /// Whether the vendor manages the cluster.
    pub managed: bool,
    /// Number of rules that hit and are shown, or have no texts.
    pub count: usize,
    /// When the archive was announced.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "time::seconds")]
    #[schema(nullable = false)]
    pub last_checked_at: Option<DateTime<Utc>>,
    /// When the cluster gathered the data.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "time::seconds")]
    #[schema(nullable = false)]
    pub gathered_at: Option<DateTime<Utc>>,
}

/// A rule that hit, with its texts.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RuleHit {
    /// The rule's module and `.report`.
    pub rule_id: String,
    /// When the rule was published.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "time::seconds")]
    #[schema(nullable = false)]
    pub created_at: Option<DateTime<Utc>>,
    /// The headline.
    pub description: String,
    /// The problem on any cluster. Markdown, as the following texts.
    pub details: String,
    /// The finding in this cluster, and its consequences.
    pub reason: String,
    /// The steps that solve the problem.
    pub resolution: String,
    /// Links to more information.
    pub more_info: String,
    /// The severity: 1 is low, 4 is critical.
    #[schema(minimum = 1, maximum = 4)]
    pub total_risk: u8,
    /// Whether the rule is disabled, for the cluster or for the organisation.
    pub disabled: bool,
    /// The user's reason for disabling the rule.
    pub disable_feedback: String,
    /// When the rule was disabled; empty when it is not.
    #[serde(serialize_with = "time::or_empty")]
    #[schema(value_type = String)]
    pub disabled_at: Option<DateTime<Utc>>,
    /// The user who disabled the rule; empty when it is not disabled, or the user is unknown.
    pub disabled_by: String,
    /// Whether only listed organisations see the rule.
    pub internal: bool,
    /// The user's vote on the rule: -1, 0 or 1.
    #[schema(minimum = -1, maximum = 1)]
    pub user_vote: i16,
    /// The data for the texts.
    pub extra_data: ExtraData,
    /// Words to filter by.
    pub tags: Vec<String>,
    /// Since when the rule has hit without interruption.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "time::seconds")]
    #[schema(nullable = false)]
    pub impacted: Option<DateTime<Utc>>,
}

/// The size and the times of a cluster's report.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReportInfo {
    /// Number of rules that hit.
    pub count: i64,
    /// When the archive was announced.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "time::seconds")]
    #[schema(nullable = false)]
    pub last_checked_at: Option<DateTime<Utc>>,
    /// When the report was stored.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "time::seconds")]
    #[schema(nullable = false)]
    pub stored_at: Option<DateTime<Utc>>,
}

impl RuleHit {
    /// Returns the rule's module, without `.report`.
    pub fn module(&self) -> &str {
        self.rule_id.strip_suffix(".report").unwrap_or(&self.rule_id)
    }

    /// Returns the composite id under which the rule has a page: `<module>|<error key>`.
    pub fn selector(&self) -> String {
        format!("{}|{}", self.module(), self.extra_data.error_key())
    }
}
