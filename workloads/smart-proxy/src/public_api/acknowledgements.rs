//! Rules that an organisation has disabled for all its clusters.

use ccx_auth::Caller;
use ccx_messages::RuleSelector;
use ccx_storage::feedback;
use chrono::Utc;

use super::PublicApi;
use crate::{
    error::ApiError,
    model::{Acknowledgement, Created},
};

impl PublicApi {
    /// Lists the rules that the organisation has disabled.
    pub async fn acknowledgements(&self, caller: &Caller) -> Result<Vec<Acknowledgement>, ApiError> {
        let stored = self.database.acknowledgements(caller.org_id).await?;
        Ok(stored.into_iter().map(Acknowledgement::from).collect())
    }

    /// Returns whether and why the organisation has disabled a rule.
    pub async fn acknowledgement(
        &self,
        caller: &Caller,
        rule: &RuleSelector,
    ) -> Result<Acknowledgement, ApiError> {
        let stored = self.database.acknowledgement(caller.org_id, &rule.rule, &rule.error_key).await?;
        stored.map(Acknowledgement::from).ok_or_else(|| ApiError::NotFound { item: rule.to_string() })
    }

    /// Disables a rule for all clusters of the organisation. A rule that is disabled already stays as it is.
    pub async fn acknowledge(
        &self,
        caller: &Caller,
        rule: &RuleSelector,
        justification: &str,
    ) -> Result<(Acknowledgement, Created), ApiError> {
        let (name, key) = (&rule.rule, &rule.error_key);
        if let Some(stored) = self.database.acknowledgement(caller.org_id, name, key).await? {
            return Ok((stored.into(), Created::Existing));
        }
        self.database.acknowledge_rule(caller.org_id, name, key, justification, Utc::now()).await?;
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

impl From<feedback::Acknowledgement> for Acknowledgement {
    fn from(stored: feedback::Acknowledgement) -> Self {
        Self {
            rule: format!("{}|{}", stored.rule_id, stored.error_key),
            justification: stored.justification,
            created_by: String::new(),
            created_at: stored.created_at,
            updated_at: stored.updated_at,
        }
    }
}
