//! All clusters of an organisation, and all rules that hit them.

use ccx_messages::{ClusterId, OrgId};
use chrono::{DateTime, Utc};
use sqlx::FromRow;

use crate::{Database, StorageError};

/// Uses `report_pkey (org_id, cluster)`, and `report_info_pkey (org_id, cluster_id)`.
pub(crate) const CLUSTERS: &str = "\
    SELECT report.cluster, report.last_checked_at AT TIME ZONE 'UTC' AS last_checked_at,
        COALESCE(report_info.version_info, '') AS version
    FROM report
    LEFT JOIN report_info ON report_info.org_id = $1 AND report_info.cluster_id = report.cluster
    WHERE report.org_id = $1
    ORDER BY report.cluster";

/// Uses `ccx_recommendation_org_rule (org_id, rule_id, cluster_id)`.
pub(crate) const HITS: &str = "\
    SELECT rule_id, array_agg(cluster_id) AS clusters FROM recommendation WHERE org_id = $1
    GROUP BY rule_id ORDER BY rule_id";

/// As [`CLUSTERS`], of some clusters.
const SOME_CLUSTERS: &str = "\
    SELECT report.cluster, report.last_checked_at AT TIME ZONE 'UTC' AS last_checked_at,
        COALESCE(report_info.version_info, '') AS version
    FROM unnest($2::text[]) AS asked (cluster)
    JOIN report ON report.org_id = $1 AND report.cluster = asked.cluster
    LEFT JOIN report_info ON report_info.org_id = $1 AND report_info.cluster_id = report.cluster
    ORDER BY report.cluster";

/// As [`HITS`], of some clusters; `recommendation_pkey (org_id, cluster_id, …)`.
const SOME_HITS: &str = "\
    SELECT rule_id, array_agg(cluster_id) AS clusters
    FROM unnest($2::text[]) AS asked (cluster)
    JOIN recommendation ON org_id = $1 AND cluster_id = asked.cluster
    GROUP BY rule_id ORDER BY rule_id";

/// A cluster with a report.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct ReportedCluster {
    /// The cluster.
    pub cluster: String,
    /// When the archive was announced.
    pub last_checked_at: Option<DateTime<Utc>>,
    /// The cluster's OpenShift version; empty when unknown.
    pub version: String,
}

/// A rule with the clusters that it hits.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct RuleHits {
    /// The rule, with its error key.
    pub rule_id: String,
    /// The clusters.
    pub clusters: Vec<String>,
}

impl Database {
    /// Lists all clusters of an organisation that have a report, sorted.
    pub async fn reported_clusters(&self, org_id: OrgId) -> Result<Vec<ReportedCluster>, StorageError> {
        let list = sqlx::query_as(CLUSTERS).bind(org_id.as_i32());
        let mut connection = self.acquire().await?;
        self.statements().run("list clusters with a report", list.fetch_all(&mut *connection)).await
    }

    /// Returns the number of clusters of an organisation that have a report, and the sum of the times of these reports in
    /// microseconds since 1970.
    pub async fn report_checksum(&self, org_id: OrgId) -> Result<(i64, i128), StorageError> {
        // report_pkey (org_id, cluster)
        const CHECKSUM: &str = "\
            SELECT count(*), COALESCE(sum((extract(epoch FROM last_checked_at) * 1000000)::int8), 0)::text
            FROM report WHERE org_id = $1";
        let checksum = sqlx::query_as::<_, (i64, String)>(CHECKSUM).bind(org_id.as_i32());
        let mut connection = self.acquire().await?;
        let row = self.statements().run("compare reports", checksum.fetch_one(&mut *connection)).await?;
        Ok((row.0, row.1.parse().unwrap_or_default()))
    }

    /// Lists those of `clusters` that are clusters of an organisation and have a report, sorted.
    pub async fn reported_clusters_of(
        &self,
        org_id: OrgId,
        clusters: &[ClusterId],
    ) -> Result<Vec<ReportedCluster>, StorageError> {
        let list = sqlx::query_as(SOME_CLUSTERS).bind(org_id.as_i32()).bind(names(clusters));
        let mut connection = self.acquire().await?;
        self.statements().run("list some clusters with a report", list.fetch_all(&mut *connection)).await
    }

    /// Lists the rules that hit those of `clusters` that are clusters of an organisation, sorted.
    pub async fn rule_hits_of(
        &self,
        org_id: OrgId,
        clusters: &[ClusterId],
    ) -> Result<Vec<RuleHits>, StorageError> {
        let list = sqlx::query_as(SOME_HITS).bind(org_id.as_i32()).bind(names(clusters));
        let mut connection = self.acquire().await?;
        self.statements().run("list rules of some clusters", list.fetch_all(&mut *connection)).await
    }

    /// Lists all rules that hit clusters of an organisation, sorted.
    pub async fn rule_hits_of_organization(&self, org_id: OrgId) -> Result<Vec<RuleHits>, StorageError> {
        let list = sqlx::query_as(HITS).bind(org_id.as_i32());
        let mut connection = self.acquire().await?;
        self.statements().run("list rules of an organization", list.fetch_all(&mut *connection)).await
    }
}

fn names(clusters: &[ClusterId]) -> Vec<String> {
    clusters.iter().map(ClusterId::to_string).collect()
}
