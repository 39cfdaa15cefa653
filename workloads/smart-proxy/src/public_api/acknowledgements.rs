//! Rules that an organisation has disabled for all its clusters.

use ccx_auth::Caller;
use ccx_messages::RuleSelector;
use ccx_storage::feedback::{self, Disabled};
use chrono::Utc;

use super::PublicApi;
use crate::{
    error::ApiError,
    model::{Acknowledgement, Created},
    snapshot::created_by,
};

impl PublicApi {
    /// Lists the rules that the organisation has disabled.
    pub async fn acknowledgements(&self, caller: &Caller) -> Result<Vec<Acknowledgement>, ApiError> {
        let (stored, authors) = tokio::try_join!(
            self.database.acknowledgements(caller.org_id),
            self.database.acknowledged_by(caller.org_id),
        )?;
        Ok(stored.into_iter().map(|stored| acknowledgement(stored, &authors)).collect())
    }

    /// Returns whether and why the organisation has disabled a rule.
    pub async fn acknowledgement(
        &self,
        caller: &Caller,
        rule: &RuleSelector,
    ) -> Result<Acknowledgement, ApiError> {
        let (stored, authors) = tokio::try_join!(
            self.database.acknowledgement(caller.org_id, &rule.rule, &rule.error_key),
            self.database.acknowledged_by(caller.org_id),
        )?;
        let stored = stored.ok_or_else(|| ApiError::NotFound { item: rule.to_string() })?;
        Ok(acknowledgement(stored, &authors))
    }

    /// Disables a rule for all clusters of the organisation. A rule that is disabled already stays as it is.
    pub async fn acknowledge(
        &self,
        caller: &Caller,
        rule: &RuleSelector,
        justification: &str,
    ) -> Result<(Acknowledgement, Created), ApiError> {
        let (name, key) = (&rule.rule, &rule.error_key);
        if self.database.acknowledgement(caller.org_id, name, key).await?.is_some() {
            return Ok((self.acknowledgement(caller, rule).await?, Created::Existing));
        }
        let (org_id, at) = (caller.org_id, Utc::now());
        self.database.acknowledge_rule(org_id, name, key, justification, at).await?;
        let disabled = Disabled { org_id, cluster_id: None, rule: name, error_key: key, at };
        self.database.store_disabled_by(disabled, caller.user_name()).await?;
        self.forget(caller.org_id);
        Ok((self.acknowledgement(caller, rule).await?, Created::New))
    }

    /// Changes the reason for which the organisation has disabled a rule.
    pub async fn update_acknowledgement(
        &self,
        caller: &Caller,
        rule: &RuleSelector,
        justification: &str,
    ) -> Result<Acknowledgement, ApiError> {
        self.acknowledgement(caller, rule).await?;
        let (name, key) = (&rule.rule, &rule.error_key);
        self.database.update_acknowledgement(caller.org_id, name, key, justification, Utc::now()).await?;
        self.acknowledgement(caller, rule).await
    }

    /// Enables a rule for all clusters of the organisation.
    pub async fn unacknowledge(&self, caller: &Caller, rule: &RuleSelector) -> Result<(), ApiError> {
        self.acknowledgement(caller, rule).await?;
        self.database.delete_acknowledgement(caller.org_id, &rule.rule, &rule.error_key).await?;
        self.forget(caller.org_id);
        Ok(())
    }
}

fn acknowledgement(stored: feedback::Acknowledgement, authors: &[feedback::DisabledBy]) -> Acknowledgement {
    Acknowledgement {
        rule: format!("{}|{}", stored.rule_id, stored.error_key),
        created_by: created_by(&stored, authors),
        justification: stored.justification,
        created_at: stored.created_at,
        updated_at: stored.updated_at,
    }
}
