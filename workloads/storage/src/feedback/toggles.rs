//! The table `cluster_rule_toggle`: rules that an organisation has disabled for single clusters.

use ccx_messages::{ClusterId, ErrorKey, OrgId, RuleFqdn};
use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::{Change, ClusterRule, announced};
use crate::{Database, StorageError};

/// Uses `cluster_rule_toggle_pkey`.
const TOGGLE: &str = announced!(
    "INSERT INTO cluster_rule_toggle
         (cluster_id, rule_id, error_key, org_id, disabled, disabled_at, enabled_at, updated_at)
     SELECT cluster, $3, $4, $5, $8, CASE $8 WHEN 1 THEN $9 END, CASE $8 WHEN 0 THEN $9 END, $9
     FROM report WHERE org_id = $1 AND cluster = $2
     ON CONFLICT (cluster_id, rule_id, error_key) DO UPDATE SET
         org_id = excluded.org_id, disabled = excluded.disabled, disabled_at = excluded.disabled_at,
         enabled_at = excluded.enabled_at, updated_at = excluded.updated_at"
);

/// Uses `ccx_cluster_rule_toggle_disabled (org_id, rule_id, error_key) WHERE disabled = 1`.
pub(crate) const LIST: &str = "\
    SELECT cluster_id, rule_id, error_key, disabled, disabled_at AT TIME ZONE 'UTC' AS disabled_at,
        enabled_at AT TIME ZONE 'UTC' AS enabled_at, updated_at AT TIME ZONE 'UTC' AS updated_at
    FROM cluster_rule_toggle WHERE org_id = $1 AND disabled = 1
    ORDER BY cluster_id, rule_id, error_key";

/// Uses `cluster_rule_toggle_pkey (cluster_id, …)`, once for each cluster, or `ccx_cluster_rule_toggle_disabled`.
pub(crate) const LIST_FOR_CLUSTERS: &str = "\
    SELECT cluster_id, rule_id, error_key, disabled, disabled_at AT TIME ZONE 'UTC' AS disabled_at,
        enabled_at AT TIME ZONE 'UTC' AS enabled_at, updated_at AT TIME ZONE 'UTC' AS updated_at
    FROM unnest($2::text[]) AS asked (cluster)
    JOIN cluster_rule_toggle ON cluster_id = asked.cluster
    WHERE org_id = $1 AND disabled = 1
    ORDER BY cluster_id, rule_id, error_key";

/// Uses `ccx_cluster_rule_toggle_disabled`, and `cluster_user_rule_disable_feedback_pkey (cluster_id, …)` for each cluster.
pub(crate) const DISABLED_CLUSTERS: &str = "\
    SELECT toggle.cluster_id, toggle.disabled_at AT TIME ZONE 'UTC' AS disabled_at,
        COALESCE(reason.message, '') AS justification, COALESCE(reason.user_id, '') AS justified_by
    FROM cluster_rule_toggle AS toggle
    LEFT JOIN LATERAL (
        SELECT message, user_id FROM cluster_user_rule_disable_feedback AS latest
        WHERE latest.cluster_id = toggle.cluster_id AND latest.org_id = $1 AND latest.rule_id = $2
            AND latest.error_key = $3
        ORDER BY latest.updated_at DESC LIMIT 1
    ) AS reason ON true
    WHERE toggle.org_id = $1 AND toggle.rule_id = $2 AND toggle.error_key = $3 AND toggle.disabled = 1
    ORDER BY toggle.disabled_at DESC, toggle.cluster_id";

/// A rule that is, or was, disabled for a cluster.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct RuleToggle {
    /// The cluster.
    pub cluster_id: String,
    /// The rule's component: its module and `.report`.
    pub rule_id: String,
    /// The error key.
    pub error_key: String,
    /// 1 when the rule is disabled, else 0.
    pub disabled: i16,
    /// When it was disabled; `None` when it is enabled.
    pub disabled_at: Option<DateTime<Utc>>,
    /// When it was enabled; `None` when it is disabled.
    pub enabled_at: Option<DateTime<Utc>>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A cluster for which a rule is disabled.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct DisabledCluster {
    /// The cluster.
    pub cluster_id: String,
    /// When the rule was disabled.
    pub disabled_at: Option<DateTime<Utc>>,
    /// The latest reason that a user gave; may be empty.
    pub justification: String,
    /// The user who gave it; empty without a reason.
    pub justified_by: String,
}

impl Database {
    /// Disables or enables a rule for a cluster.
    pub async fn toggle_rule(
        &self,
        rule: &ClusterRule,
        is_disabled: bool,
        at: DateTime<Utc>,
    ) -> Result<Change, StorageError> {
        self.change("toggle a rule", TOGGLE, rule, |statement| {
            statement.bind(i16::from(is_disabled)).bind(at.naive_utc())
        })
        .await
    }

    /// Lists the rules that an organisation has disabled for single clusters.
    pub async fn disabled_rules(&self, org_id: OrgId) -> Result<Vec<RuleToggle>, StorageError> {
        let rules = sqlx::query_as(LIST).bind(org_id.to_string());
        let mut connection = self.acquire().await?;
        self.statements().run("list disabled rules", rules.fetch_all(&mut *connection)).await
    }

    /// Lists the rules that an organisation has disabled for some of `clusters`.
    pub async fn disabled_rules_of_clusters(
        &self,
        org_id: OrgId,
        clusters: &[ClusterId],
    ) -> Result<Vec<RuleToggle>, StorageError> {
        let names: Vec<String> = clusters.iter().map(ClusterId::to_string).collect();
        let rules = sqlx::query_as(LIST_FOR_CLUSTERS).bind(org_id.to_string()).bind(names);
        let mut connection = self.acquire().await?;
        self.statements().run("list disabled rules of clusters", rules.fetch_all(&mut *connection)).await
    }

    /// Lists the clusters for which an organisation has disabled a rule, the latest first.
    pub async fn clusters_with_disabled_rule(
        &self,
        org_id: OrgId,
        rule: &RuleFqdn,
        error_key: &ErrorKey,
    ) -> Result<Vec<DisabledCluster>, StorageError> {
        let clusters = sqlx::query_as(DISABLED_CLUSTERS)
            .bind(org_id.to_string())
            .bind(rule.as_str())
            .bind(error_key.as_str());
        let mut connection = self.acquire().await?;
        let clusters = clusters.fetch_all(&mut *connection);
        self.statements().run("list clusters with a disabled rule", clusters).await
    }
}
