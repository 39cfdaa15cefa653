//! The table `cluster_rule_user_feedback`: users' votes on rules.

use ccx_messages::{ClusterId, ErrorKey, RuleFqdn};
use chrono::{DateTime, Utc};

use super::{Change, ClusterRule, announced};
use crate::{Database, StorageError};

/// Uses `cluster_rule_user_feedback_pkey`.
const VOTE: &str = announced!(
    "INSERT INTO cluster_rule_user_feedback
         (cluster_id, rule_id, error_key, org_id, user_id, user_vote, message, added_at, updated_at)
     SELECT cluster, $3, $4, $5, $8, $9, '', $10, $10 FROM report WHERE org_id = $1 AND cluster = $2
     ON CONFLICT (cluster_id, rule_id, user_id, error_key)
         DO UPDATE SET user_vote = excluded.user_vote, org_id = excluded.org_id, updated_at = excluded.updated_at"
);

/// Uses `cluster_rule_user_feedback_pkey (cluster_id, rule_id, user_id, error_key)`.
const READ: &str = "\
    SELECT user_vote FROM cluster_rule_user_feedback
    WHERE cluster_id = $1 AND rule_id = $2 AND user_id = $3 AND error_key = $4";

impl Database {
    /// Stores a user's vote: -1, 0 or 1.
    pub async fn vote(
        &self,
        rule: &ClusterRule,
        user_id: &str,
        vote: i16,
        at: DateTime<Utc>,
    ) -> Result<Change, StorageError> {
        let user_id = user_id.to_owned();
        self.change("vote on a rule", VOTE, rule, |statement| {
            statement.bind(user_id).bind(vote).bind(at.naive_utc())
        })
        .await
    }

    /// Reads a user's vote on a rule for a cluster.
    pub async fn user_vote(
        &self,
        cluster_id: ClusterId,
        rule: &RuleFqdn,
        error_key: &ErrorKey,
        user_id: &str,
    ) -> Result<Option<i16>, StorageError> {
        let vote = sqlx::query_scalar(READ)
            .bind(cluster_id.to_string())
            .bind(rule.as_str())
            .bind(user_id)
            .bind(error_key.as_str());
        let mut connection = self.acquire().await?;
        self.statements().run("read a vote", vote.fetch_optional(&mut *connection)).await
    }
}
