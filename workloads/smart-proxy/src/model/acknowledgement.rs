//! Rules that an organisation has disabled for all its clusters.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::time;

/// A rule that an organisation has disabled for all its clusters.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Acknowledgement {
    /// The composite id: `<module>|<error key>`.
    pub rule: String,
    /// The reason; may be empty.
    pub justification: String,
    /// The user who disabled the rule; empty when unknown.
    pub created_by: String,
    /// When the rule was disabled.
    #[serde(serialize_with = "time::known")]
    pub created_at: DateTime<Utc>,
    /// When the reason was changed; empty when it was not.
    #[serde(serialize_with = "time::or_empty")]
    #[schema(value_type = String)]
    pub updated_at: Option<DateTime<Utc>>,
}

/// Whether a request has created an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    /// The item is new.
    New,
    /// The item existed, and was not changed.
    Existing,
}
