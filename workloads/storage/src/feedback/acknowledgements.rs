//! The table `rule_disable`: rules that an organisation has disabled for all its clusters.
//!
//! The rule is named without `.report` here.

use ccx_messages::{ErrorKey, OrgId, RuleFqdn};
use chrono::{DateTime, Utc};
use sqlx::{FromRow, Postgres, postgres::PgArguments, query::Query};

use crate::{Database, StorageError};

/// This statement and those below use `rule_disable_pkey (org_id, rule_id, error_key)`.
const WRITE: &str = "\
    INSERT INTO rule_disable (org_id, rule_id, error_key, justification, created_at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (org_id, rule_id, error_key)
        DO UPDATE SET justification = excluded.justification, created_at = excluded.created_at";

const UPDATE: &str = "\
    UPDATE rule_disable SET justification = $4, updated_at = $5 WHERE org_id = $1 AND rule_id = $2 AND error_key = $3";

const DELETE: &str = "DELETE FROM rule_disable WHERE org_id = $1 AND rule_id = $2 AND error_key = $3";

/// Selects acknowledgements that meet a condition.
macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT rule_id, error_key, COALESCE(justification, '') AS justification,
                created_at AT TIME ZONE 'UTC' AS created_at, updated_at AT TIME ZONE 'UTC' AS updated_at
            FROM rule_disable WHERE ",
            $condition
        )
    };
}

const READ: &str = select!("org_id = $1 AND rule_id = $2 AND error_key = $3");

pub(crate) const LIST: &str = select!("org_id = $1 ORDER BY rule_id, error_key");

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
        let write = query(WRITE, org_id, rule, error_key).bind(justification).bind(at.naive_utc());
        self.execute("acknowledge a rule", write).await
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
        let update = query(UPDATE, org_id, rule, error_key).bind(justification).bind(at.naive_utc());
        self.execute("update an acknowledgement", update).await
    }

    /// Enables a rule for all clusters of an organisation; does nothing when it is not disabled.
    pub async fn delete_acknowledgement(
        &self,
        org_id: OrgId,
        rule: &RuleFqdn,
        error_key: &ErrorKey,
    ) -> Result<(), StorageError> {
        self.execute("delete an acknowledgement", query(DELETE, org_id, rule, error_key)).await
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

    async fn execute(
        &self,
        name: &'static str,
        query: Query<'_, Postgres, PgArguments>,
    ) -> Result<(), StorageError> {
        let mut connection = self.acquire().await?;
        self.statements().run(name, query.execute(&mut *connection)).await?;
        Ok(())
    }
}

/// Returns a statement about the rule of an organisation, its first three parameters.
fn query<'q>(
    sql: &'static str,
    org_id: OrgId,
    rule: &'q RuleFqdn,
    error_key: &'q ErrorKey,
) -> Query<'q, Postgres, PgArguments> {
    sqlx::query(sql).bind(org_id.to_string()).bind(rule.as_str()).bind(error_key.as_str())
}
