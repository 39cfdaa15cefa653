//! Opinions of users: votes, disabled rules with their reasons, and ratings.

use ccx_auth::Caller;
use ccx_messages::{ClusterId, ErrorKey, RuleFqdn, RuleSelector};
use ccx_storage::feedback::{Change, ClusterRule, Disabled};
use chrono::Utc;

use super::PublicApi;
use crate::error::ApiError;

/// A finding of a rule on a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterFinding {
    /// The cluster.
    pub cluster_id: ClusterId,
    /// The rule, with or without `.report`.
    pub rule: RuleFqdn,
    /// The error key.
    pub error_key: ErrorKey,
}

/// A user's opinion of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vote {
    /// The rule helps.
    Like,
    /// The rule does not help.
    Dislike,
    /// No opinion.
    None,
}

impl Vote {
    /// Parses the number of a vote: 1, -1 or 0.
    pub fn from_number(number: i64) -> Option<Self> {
        match number {
            1 => Some(Self::Like),
            -1 => Some(Self::Dislike),
            0 => Some(Self::None),
            _ => None,
        }
    }

    /// Returns the number of the vote.
    pub fn number(self) -> i16 {
        match self {
            Self::Like => 1,
            Self::Dislike => -1,
            Self::None => 0,
        }
    }
}

impl PublicApi {
    /// Stores the user's vote on a rule for a cluster.
    pub async fn vote(&self, caller: &Caller, finding: &ClusterFinding, vote: Vote) -> Result<(), ApiError> {
        let user = caller.user_id_or_zero();
        let rule = finding.stored(caller);
        let change = self.database.vote(&rule, user, vote.number(), Utc::now()).await?;
        require_cluster(change, finding)
    }

    /// Disables a rule for a cluster.
    pub async fn disable(&self, caller: &Caller, finding: &ClusterFinding) -> Result<(), ApiError> {
        self.toggle(caller, finding, true).await
    }

    /// Enables a rule for a cluster.
    pub async fn enable(&self, caller: &Caller, finding: &ClusterFinding) -> Result<(), ApiError> {
        self.toggle(caller, finding, false).await
    }

    async fn toggle(
        &self,
        caller: &Caller,
        finding: &ClusterFinding,
        is_disabled: bool,
    ) -> Result<(), ApiError> {
        let (rule, at) = (finding.stored(caller), Utc::now());
        let change = self.database.toggle_rule(&rule, is_disabled, at).await?;
        self.forget(caller.org_id);
        require_cluster(change, finding)?;
        if is_disabled {
            let cluster_id = Some(finding.cluster_id);
            let (rule, error_key) = (&rule.rule, &rule.error_key);
            let disabled = Disabled { org_id: caller.org_id, cluster_id, rule, error_key, at };
            self.database.store_disabled_by(disabled, caller.user_name()).await?;
        }
        Ok(())
    }

    /// Stores the user's reason for disabling a rule for a cluster; it may be empty.
    pub async fn disable_feedback(
        &self,
        caller: &Caller,
        finding: &ClusterFinding,
        message: &str,
    ) -> Result<(), ApiError> {
        self.check_text("message", message)?;
        let (rule, user) = (finding.stored(caller), caller.user_id_or_zero());
        let change = self.database.give_disable_reason(&rule, user, message, Utc::now()).await?;
        require_cluster(change, finding)
    }

    /// Stores the organisation's rating of a rule.
    pub async fn rate(&self, caller: &Caller, rule: &RuleSelector, rating: Vote) -> Result<(), ApiError> {
        Ok(self.database.rate_rule(caller.org_id, rule, rating.number(), Utc::now()).await?)
    }

    /// Fails if a user's text is too long, or can't be stored.
    pub(crate) fn check_text(&self, name: &'static str, text: &str) -> Result<(), ApiError> {
        let max_bytes = self.max_feedback_bytes;
        let reason = if text.len() > max_bytes {
            format!("feedback message is longer than {max_bytes} bytes")
        } else if text.contains('\0') {
            // PostgreSQL's text can't contain it.
            "a zero byte is not allowed".to_owned()
        } else {
            return Ok(());
        };
        Err(ApiError::OutOfRange { name, value: ccx_http::shown(text), reason })
    }
}

impl ClusterFinding {
    /// Returns the finding as the tables name it.
    fn stored(&self, caller: &Caller) -> ClusterRule {
        let rule = RuleFqdn::from_component(self.rule.as_str()).unwrap_or_else(|_| self.rule.clone());
        ClusterRule {
            org_id: caller.org_id,
            cluster_id: self.cluster_id,
            rule: rule.component().parse().unwrap_or(rule),
            error_key: self.error_key.clone(),
        }
    }
}

fn require_cluster(change: Change, finding: &ClusterFinding) -> Result<(), ApiError> {
    match change {
        Change::Written => Ok(()),
        Change::NoSuchCluster => Err(ApiError::NotFound { item: finding.cluster_id.to_string() }),
    }
}
