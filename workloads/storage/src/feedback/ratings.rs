//! The table `advisor_ratings`: organisations' ratings of rules.

use ccx_messages::{OrgId, RuleSelector};
use chrono::{DateTime, Utc};

use crate::{Database, StorageError};

/// Uses `advisor_ratings_pkey (org_id, rule_fqdn, error_key)`.
const WRITE: &str = "\
    INSERT INTO advisor_ratings (org_id, rule_fqdn, error_key, rule_id, rated_at, last_updated_at, rating)
    VALUES ($1, $2, $3, $2 || '|' || $3, $4, $4, $5)
    ON CONFLICT (org_id, rule_fqdn, error_key)
        DO UPDATE SET last_updated_at = excluded.last_updated_at, rating = excluded.rating, rule_id = excluded.rule_id";

/// Uses `advisor_ratings_pkey`.
const READ: &str =
    "SELECT rating FROM advisor_ratings WHERE org_id = $1 AND rule_fqdn = $2 AND error_key = $3";

impl Database {
    /// Stores an organisation's rating of a rule: -1, 0 or 1.
    pub async fn rate_rule(
        &self,
        org_id: OrgId,
        selector: &RuleSelector,
        rating: i16,
        at: DateTime<Utc>,
    ) -> Result<(), StorageError> {
        let write = sqlx::query(WRITE)
            .bind(org_id.to_string())
            .bind(selector.rule.as_str())
            .bind(selector.error_key.as_str())
            .bind(at.naive_utc())
            .bind(rating);
        let mut connection = self.acquire().await?;
        self.statements().run("rate a rule", write.execute(&mut *connection)).await?;
        Ok(())
    }

    /// Reads an organisation's rating of a rule.
    pub async fn rating(&self, org_id: OrgId, selector: &RuleSelector) -> Result<Option<i16>, StorageError> {
        let read = sqlx::query_scalar::<_, Option<i16>>(READ)
            .bind(org_id.to_string())
            .bind(selector.rule.as_str())
            .bind(selector.error_key.as_str());
        let mut connection = self.acquire().await?;
        let rating = self.statements().run("read a rating", read.fetch_optional(&mut *connection)).await?;
        Ok(rating.flatten())
    }
}
