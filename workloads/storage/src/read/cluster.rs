//! The clusters of organisations.

use ccx_messages::{ClusterId, OrgId};
use chrono::{DateTime, Utc};

use crate::{Database, StorageError};

impl Database {
    /// Lists the clusters of an organisation whose report was stored at or after `reported_since`, sorted.
    pub async fn clusters_of_organization(
        &self,
        org_id: OrgId,
        reported_since: DateTime<Utc>,
    ) -> Result<Vec<String>, StorageError> {
        // report_pkey (org_id, cluster) brings the organisation's rows in order.
        const CLUSTERS: &str =
            "SELECT cluster FROM report WHERE org_id = $1 AND reported_at >= $2 ORDER BY cluster";
        let mut connection = self.acquire().await?;
        let clusters = sqlx::query_scalar(CLUSTERS).bind(org_id.as_i32()).bind(reported_since.naive_utc());
        self.statements()
            .run("list the clusters of an organization", clusters.fetch_all(&mut *connection))
            .await
    }

    /// Returns whether any of `clusters` has a report that belongs to another organisation than `org_id`.
    pub async fn has_cluster_of_other_organization(
        &self,
        org_id: OrgId,
        clusters: &[ClusterId],
    ) -> Result<bool, StorageError> {
        // report_cluster_key (cluster), once for each cluster.
        const HAS_OTHER: &str = "SELECT EXISTS (
            SELECT FROM unnest($2::text[]) AS asked (cluster)
            JOIN report ON report.cluster = asked.cluster
            WHERE report.org_id <> $1)";
        let mut connection = self.acquire().await?;
        let names: Vec<String> = clusters.iter().map(ClusterId::to_string).collect();
        let has_other = sqlx::query_scalar(HAS_OTHER).bind(org_id.as_i32()).bind(names);
        self.statements()
            .run("look for clusters of other organizations", has_other.fetch_one(&mut *connection))
            .await
    }
}
