//! All clusters of an organisation, and all rules that hit them.

use ccx_messages::OrgId;
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

    /// Lists all rules that hit clusters of an organisation, sorted.
    pub async fn rule_hits_of_organization(&self, org_id: OrgId) -> Result<Vec<RuleHits>, StorageError> {
        let list = sqlx::query_as(HITS).bind(org_id.as_i32());
        let mut connection = self.acquire().await?;
        self.statements().run("list rules of an organization", list.fetch_all(&mut *connection)).await
    }
}
