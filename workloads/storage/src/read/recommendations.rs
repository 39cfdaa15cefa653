//! The table `recommendation`: which rules hit which clusters.

use ccx_messages::{ClusterId, OrgId, RuleSelector};
use chrono::{DateTime, Utc};
use sqlx::FromRow;

use crate::{Database, StorageError};

/// Uses `recommendation_pk (org_id, cluster_id, …)`, once for each cluster.
pub(crate) const RULES_OF_CLUSTERS: &str = "\
    SELECT recommendation.rule_id, recommendation.cluster_id
    FROM unnest($2::text[]) AS asked (cluster)
    JOIN recommendation ON recommendation.org_id = $1 AND recommendation.cluster_id = asked.cluster
    ORDER BY recommendation.rule_id, recommendation.cluster_id";

/// Uses `report_pkey (org_id, cluster)`, `recommendation_pk` and an index of `report_info`, once for each cluster.
pub(crate) const CLUSTERS_WITH_RULES: &str = "\
    SELECT report.cluster, report.last_checked_at AT TIME ZONE 'UTC' AS last_checked_at,
        COALESCE(report_info.version_info, '') AS version,
        ARRAY(SELECT rule_id::text FROM recommendation
              WHERE recommendation.org_id = $1 AND recommendation.cluster_id = asked.cluster ORDER BY rule_id) AS rules
    FROM unnest($2::text[]) AS asked (cluster)
    JOIN report ON report.org_id = $1 AND report.cluster = asked.cluster
    LEFT JOIN report_info ON report_info.org_id = $1 AND report_info.cluster_id = asked.cluster
    ORDER BY report.cluster";

/// Uses `ccx_recommendation_org_rule (org_id, rule_id, cluster_id)` and `report_info_pkey (org_id, cluster_id)`. `$3` is null for all clusters.
pub(crate) const CLUSTERS_OF_RULE: &str = "\
    SELECT recommendation.cluster_id, recommendation.created_at AT TIME ZONE 'UTC' AS created_at,
        recommendation.impacted_since AT TIME ZONE 'UTC' AS impacted_since,
        COALESCE(report_info.version_info, '') AS version
    FROM recommendation
    LEFT JOIN report_info ON report_info.org_id = $1 AND report_info.cluster_id = recommendation.cluster_id
    WHERE recommendation.org_id = $1 AND recommendation.rule_id = $2
        AND ($3::text[] IS NULL OR recommendation.cluster_id = ANY ($3))
    ORDER BY recommendation.cluster_id";

/// A cluster with the rules that hit it.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct ClusterWithRules {
    /// The cluster.
    pub cluster: String,
    /// When the archive was announced.
    pub last_checked_at: Option<DateTime<Utc>>,
    /// The cluster's OpenShift version; empty when unknown.
    pub version: String,
    /// The rules, each with its error key, sorted.
    pub rules: Vec<String>,
}

/// A cluster that a rule hits.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct HitCluster {
    /// The cluster.
    pub cluster_id: String,
    /// When the hit was last stored.
    pub created_at: Option<DateTime<Utc>>,
    /// Since when the rule has hit without interruption.
    pub impacted_since: Option<DateTime<Utc>>,
    /// The cluster's OpenShift version; empty when unknown.
    pub version: String,
}

impl Database {
    /// Lists the rules that hit some of `clusters`, each with a cluster, sorted by rule.
    pub async fn rules_of_clusters(
        &self,
        org_id: OrgId,
        clusters: &[ClusterId],
    ) -> Result<Vec<(String, String)>, StorageError> {
        let rules = sqlx::query_as(RULES_OF_CLUSTERS).bind(org_id.as_i32()).bind(names(clusters));
        let mut connection = self.acquire().await?;
        self.statements().run("list rules of clusters", rules.fetch_all(&mut *connection)).await
    }

    /// Lists those of `clusters` that have a report, with the rules that hit them, sorted by cluster.
    pub async fn clusters_with_rules(
        &self,
        org_id: OrgId,
        clusters: &[ClusterId],
    ) -> Result<Vec<ClusterWithRules>, StorageError> {
        let list = sqlx::query_as(CLUSTERS_WITH_RULES).bind(org_id.as_i32()).bind(names(clusters));
        let mut connection = self.acquire().await?;
        self.statements().run("list clusters with their rules", list.fetch_all(&mut *connection)).await
    }

    /// Lists the clusters that a rule hits, or those of `clusters`, sorted.
    pub async fn clusters_of_rule(
        &self,
        org_id: OrgId,
        selector: &RuleSelector,
        clusters: Option<&[ClusterId]>,
    ) -> Result<Vec<HitCluster>, StorageError> {
        let list = sqlx::query_as(CLUSTERS_OF_RULE)
            .bind(org_id.as_i32())
            .bind(selector.to_string())
            .bind(clusters.map(names));
        let mut connection = self.acquire().await?;
        self.statements().run("list clusters of a rule", list.fetch_all(&mut *connection)).await
    }
}

fn names(clusters: &[ClusterId]) -> Vec<String> {
    clusters.iter().map(ClusterId::to_string).collect()
}
