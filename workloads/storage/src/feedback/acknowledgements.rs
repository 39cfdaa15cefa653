//! The table `rule_disable`: rules that an organisation has disabled for all its clusters.
//!
//! The rule is named without `.report` here.

use ccx_messages::{ErrorKey, OrgId, RuleFqdn};
use chrono::{DateTime, Utc};
use sqlx::FromRow;

use crate::{Database, StorageError};

/// This statement and those below use `rule_disable_pkey (org_id, rule_id, error_key)`.
const WRITE: &str = "\
    INSERT INTO rule_disable (org_id, rule_id, error_key, justification, created_at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (org_id, rule_id, error_key)
        DO UPDATE SET justification = excluded.justification, created_at = excluded.created_at";

const UPDATE: &str = "\
    UPDATE rule_disable SET justification = $4, updated_at = $5 WHERE org_id = $1 AND rule_id = $2 AND error_key = $3";

const DELETE: &str = "DELETE FROM rule_disable WHERE org_id = $1 AND rule_id = $2 AND error_key = $3";

const READ: &str = "\
    SELECT rule_id, error_key, COALESCE(justification, '') AS justification,
        created_at AT TIME ZONE 'UTC' AS created_at, updated_at AT TIME ZONE 'UTC' AS updated_at
    FROM rule_disable WHERE org_id = $1 AND rule_id = $2 AND error_key = $3";

pub(crate) const LIST: &str = "\
    SELECT rule_id, error_key, COALESCE(justification, '') AS justification,
        created_at AT TIME ZONE 'UTC' AS created_at, updated_at AT TIME ZONE 'UTC' AS updated_at
    FROM rule_disable WHERE org_id = $1 ORDER BY rule_id, error_key";

/// A rule that an organisation has disabled for all its clusters.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Acknowledgement {
    /// The rule.
    pub rule_id: String,
    /// The error key.
    pub error_key: String,
    /// The reason; may be empty.
    pub justification: String,
    /// When the rule was disabled.
    pub created_at: DateTime<Utc>,
    /// When the reason was changed.
    pub updated_at: Option<DateTime<Utc>>,
}

impl Database {
    /// Disables a rule for all clusters of an organisation.
    pub async fn acknowledge_rule(
        &self,
        org_id: OrgId,
        rule: &RuleFqdn,
        error_key: &ErrorKey,
        justification: &str,
        at: DateTime<Utc>,
    ) -> Result<(), StorageError> {
        let write = sqlx::query(WRITE)
            .bind(org_id.to_string())
            .bind(rule.as_str())
            .bind(error_key.as_str())
            .bind(justification)
            .bind(at.naive_utc());
        let mut connection = self.acquire().await?;
        self.statements().run("acknowledge a rule", write.execute(&mut *connection)).await?;
        Ok(())
    }

    /// Changes the reason for which a rule is disabled; does nothing when it is not.
    pub async fn update_acknowledgement(
        &self,
        org_id: OrgId,
        rule: &RuleFqdn,
        error_key: &ErrorKey,
        justification: &str,
        at: DateTime<Utc>,
    ) -> Result<(), StorageError> {
        let update = sqlx::query(UPDATE)
            .bind(org_id.to_string())
            .bind(rule.as_str())
            .bind(error_key.as_str())
            .bind(justification)
            .bind(at.naive_utc());
        let mut connection = self.acquire().await?;
        self.statements().run("update an acknowledgement", update.execute(&mut *connection)).await?;
        Ok(())
    }

    /// Enables a rule for all clusters of an organisation; does nothing when it is not disabled.
    pub async fn delete_acknowledgement(
        &self,
        org_id: OrgId,
        rule: &RuleFqdn,
        error_key: &ErrorKey,
    ) -> Result<(), StorageError> {
        let delete =
            sqlx::query(DELETE).bind(org_id.to_string()).bind(rule.as_str()).bind(error_key.as_str());
        let mut connection = self.acquire().await?;
        self.statements().run("delete an acknowledgement", delete.execute(&mut *connection)).await?;
        Ok(())
    }

    /// Reads whether and why a rule is disabled for all clusters of an organisation.
    pub async fn acknowledgement(
        &self,
        org_id: OrgId,
        rule: &RuleFqdn,
        error_key: &ErrorKey,
    ) -> Result<Option<Acknowledgement>, StorageError> {
        let read = sqlx::query_as(READ).bind(org_id.to_string()).bind(rule.as_str()).bind(error_key.as_str());
        let mut connection = self.acquire().await?;
        self.statements().run("read an acknowledgement", read.fetch_optional(&mut *connection)).await
    }

    /// Lists the rules that an organisation has disabled for all its clusters.
    pub async fn acknowledgements(&self, org_id: OrgId) -> Result<Vec<Acknowledgement>, StorageError> {
        let list = sqlx::query_as(LIST).bind(org_id.to_string());
        let mut connection = self.acquire().await?;
        self.statements().run("list acknowledgements", list.fetch_all(&mut *connection)).await
    }
}
