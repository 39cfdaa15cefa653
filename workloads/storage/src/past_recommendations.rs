//! The table `ccx.past_recommendation`: recommendations that applied to a cluster for a time, and no longer do.
//!
//! The table `recommendation` forgets them. A row is written when a recommendation vanishes, so a report that changes nothing costs
//! nothing; old rows are deleted as old reports are.

use ccx_messages::{ClusterId, OrgId};
use chrono::{DateTime, Utc};
use sqlx::FromRow;

use crate::{Database, StorageError};

/// Uses `past_recommendation_pkey (org_id, cluster_id, vanished_at, …)`.
pub(crate) const LIST: &str = "\
    SELECT rule_fqdn, error_key, appeared_at AT TIME ZONE 'UTC' AS appeared_at, vanished_at AT TIME ZONE 'UTC' AS vanished_at
    FROM ccx.past_recommendation WHERE org_id = $1 AND cluster_id = $2
    ORDER BY vanished_at DESC, rule_fqdn, error_key LIMIT $3";

/// A recommendation that no longer applies to a cluster.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct StoredPastRecommendation {
    /// The rule's module, without `.report`.
    pub rule_fqdn: String,
    /// The error key.
    pub error_key: String,
    /// When the first report with it was stored, if known.
    pub appeared_at: Option<DateTime<Utc>>,
    /// When the first report without it was stored.
    pub vanished_at: DateTime<Utc>,
}

impl Database {
    /// Lists the recommendations that no longer apply to a cluster, at most `limit`, newest first. Finds none where the table is missing.
    pub async fn past_recommendations(
        &self,
        org_id: OrgId,
        cluster_id: ClusterId,
        limit: u32,
    ) -> Result<Vec<StoredPastRecommendation>, StorageError> {
        if !self.has_own_tables().await? {
            return Ok(Vec::new());
        }
        let list =
            sqlx::query_as(LIST).bind(org_id.as_i32()).bind(cluster_id.to_string()).bind(i64::from(limit));
        let mut connection = self.acquire().await?;
        self.statements().run("list past recommendations", list.fetch_all(&mut *connection)).await
    }
}
