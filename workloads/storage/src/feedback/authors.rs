//! The table `ccx.disabled_by`: who has disabled a rule.
//!
//! A row counts while its time is that of the disabled rule: other programs on the database disable and enable rules without it.

use ccx_messages::{ClusterId, ErrorKey, OrgId, RuleFqdn};
use chrono::{DateTime, Utc};
use sqlx::FromRow;

use crate::{Database, StorageError};

/// Uses `disabled_by_pkey (org_id, rule_id, error_key, cluster_id)`.
const WRITE: &str = "\
    INSERT INTO ccx.disabled_by (org_id, cluster_id, rule_id, error_key, disabled_by, disabled_at)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (org_id, rule_id, error_key, cluster_id)
        DO UPDATE SET disabled_by = excluded.disabled_by, disabled_at = excluded.disabled_at";

/// Uses `disabled_by_pkey`. `$2` is a cluster, empty for rules that are disabled for all clusters, or null for any.
const LIST: &str = "\
    SELECT cluster_id, rule_id, error_key, disabled_by, disabled_at AT TIME ZONE 'UTC' AS disabled_at
    FROM ccx.disabled_by WHERE org_id = $1 AND cluster_id = COALESCE($2, cluster_id)";

/// A disabled rule.
#[derive(Clone, Copy, Debug)]
pub struct Disabled<'a> {
    /// The organisation.
    pub org_id: OrgId,
    /// The cluster; `None` for all of the organisation.
    pub cluster_id: Option<ClusterId>,
    /// The rule, with or without `.report`.
    pub rule: &'a RuleFqdn,
    /// The error key.
    pub error_key: &'a ErrorKey,
    /// When it was disabled: the time in the table of disabled rules.
    pub at: DateTime<Utc>,
}

/// The user who has disabled a rule.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct DisabledBy {
    /// The cluster; empty for all of the organisation.
    pub cluster_id: String,
    /// The rule's module, without `.report`.
    pub rule_id: String,
    /// The error key.
    pub error_key: String,
    /// The user.
    pub disabled_by: String,
    /// When the rule was disabled.
    pub disabled_at: DateTime<Utc>,
}

impl Database {
    /// Stores who has disabled a rule. Does nothing where the table is missing.
    pub async fn store_disabled_by(&self, disabled: Disabled<'_>, user: &str) -> Result<(), StorageError> {
        if user.is_empty() || !self.has_own_tables().await? {
            return Ok(());
        }
        let Disabled { org_id, cluster_id, rule, error_key, at } = disabled;
        let write = sqlx::query(WRITE)
            .bind(org_id.as_i32())
            .bind(cluster_id.map(|id| id.to_string()).unwrap_or_default())
            .bind(module(rule))
            .bind(error_key.as_str())
            .bind(user)
            .bind(at.naive_utc());
        let mut connection = self.acquire().await?;
        self.statements().run("store who disabled a rule", write.execute(&mut *connection)).await?;
        Ok(())
    }

    /// Lists who has disabled rules for a cluster.
    pub async fn disabled_by_of_cluster(
        &self,
        org_id: OrgId,
        cluster_id: ClusterId,
    ) -> Result<Vec<DisabledBy>, StorageError> {
        self.disabled_by(org_id, Some(cluster_id.to_string())).await
    }

    /// Lists who has disabled rules for all clusters of an organisation.
    pub async fn acknowledged_by(&self, org_id: OrgId) -> Result<Vec<DisabledBy>, StorageError> {
        self.disabled_by(org_id, Some(String::new())).await
    }

    /// Lists who has disabled rules of an organisation, for one cluster or for all.
    pub async fn disabled_by_of_organization(&self, org_id: OrgId) -> Result<Vec<DisabledBy>, StorageError> {
        self.disabled_by(org_id, None).await
    }

    async fn disabled_by(
        &self,
        org_id: OrgId,
        cluster_id: Option<String>,
    ) -> Result<Vec<DisabledBy>, StorageError> {
        if !self.has_own_tables().await? {
            return Ok(Vec::new());
        }
        let list = sqlx::query_as(LIST).bind(org_id.as_i32()).bind(cluster_id);
        let mut connection = self.acquire().await?;
        self.statements().run("list who disabled rules", list.fetch_all(&mut *connection)).await
    }
}

fn module(rule: &RuleFqdn) -> String {
    RuleFqdn::from_component(rule.as_str()).map_or_else(|_| rule.to_string(), |rule| rule.to_string())
}
