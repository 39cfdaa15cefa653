//! The table `cluster_user_rule_disable_feedback`: users' reasons for disabling rules.

use ccx_messages::OrgId;
use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::{Change, ClusterRule, announced};
use crate::{Database, StorageError};

/// Uses `cluster_user_rule_disable_feedback_pkey`.
const WRITE: &str = announced!(
    "INSERT INTO cluster_user_rule_disable_feedback
         (cluster_id, rule_id, error_key, org_id, user_id, message, added_at, updated_at)
     SELECT cluster, $3, $4, $5, $8, $9, $10, $10 FROM report WHERE org_id = $1 AND cluster = $2
     ON CONFLICT (cluster_id, user_id, rule_id, error_key)
         DO UPDATE SET message = excluded.message, org_id = excluded.org_id, updated_at = excluded.updated_at"
);

/// Uses `ccx_cluster_user_rule_disable_feedback_user (user_id)`. `$2` is an organisation, or null for any.
pub(crate) const LIST: &str = "\
    SELECT cluster_id, rule_id, error_key, message, added_at AT TIME ZONE 'UTC' AS added_at,
        updated_at AT TIME ZONE 'UTC' AS updated_at
    FROM cluster_user_rule_disable_feedback WHERE user_id = $1 AND org_id = COALESCE($2, org_id)
    ORDER BY cluster_id, rule_id, error_key";

/// A user's reason for disabling a rule for a cluster.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct DisableReason {
    /// The cluster.
    pub cluster_id: String,
    /// The rule's component: its module and `.report`.
    pub rule_id: String,
    /// The error key.
    pub error_key: String,
    /// The reason.
    pub message: String,
    /// When it was first given.
    pub added_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl Database {
    /// Stores a user's reason for disabling a rule.
    pub async fn give_disable_reason(
        &self,
        rule: &ClusterRule,
        user_id: &str,
        message: &str,
        at: DateTime<Utc>,
    ) -> Result<Change, StorageError> {
        let (user_id, message) = (user_id.to_owned(), message.to_owned());
        self.change("store a reason", WRITE, rule, |statement| {
            statement.bind(user_id).bind(message).bind(at.naive_utc())
        })
        .await
    }

    /// Lists the reasons that a user gave, for the clusters of `org_id` or of any organisation.
    pub async fn disable_reasons(
        &self,
        user_id: &str,
        org_id: Option<OrgId>,
    ) -> Result<Vec<DisableReason>, StorageError> {
        let reasons = sqlx::query_as(LIST).bind(user_id).bind(org_id.map(|org_id| org_id.to_string()));
        let mut connection = self.acquire().await?;
        self.statements().run("list reasons", reasons.fetch_all(&mut *connection)).await
    }
}
