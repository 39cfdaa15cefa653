//! Past recommendations of a cluster.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::time;

/// A rule that hit a cluster for a time, and no longer does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PastRecommendation {
    /// The composite id: `<module>|<error key>`.
    pub rule_id: String,
    /// The headline; a template over the data of the hit, which is not kept.
    pub description: String,
    /// The severity: 1 is low, 4 is critical.
    #[schema(minimum = 1, maximum = 4)]
    pub total_risk: u8,
    /// When the first report with it was stored.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "time::seconds")]
    #[schema(nullable = false)]
    pub appeared_at: Option<DateTime<Utc>>,
    /// When the first report without it was stored.
    #[serde(serialize_with = "time::known")]
    pub vanished_at: DateTime<Utc>,
}
