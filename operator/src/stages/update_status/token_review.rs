//! Whether tokens of the cluster's users can be reviewed.

use super::{ConditionStatus, Observation};
use crate::{model::reason::Reason, stages::token_review::TokenReviewRights};

/// Returns the status; `None` when the spec does not want reviews.
pub(super) fn allowed(observation: &Observation) -> Option<ConditionStatus> {
    Some(match observation.token_review.as_ref()? {
        TokenReviewRights::Granted => {
            ConditionStatus::met(Reason::AsExpected, "the API server reviews tokens of the cluster's users")
        }
        TokenReviewRights::Missing { account } => ConditionStatus::not_met(
            Reason::TokenReviewForbidden,
            format!(
                "ServiceAccount {account} lacks the ClusterRole system:auth-delegator, so that tokens of the cluster's users are refused"
            ),
        ),
        TokenReviewRights::Unknown { error } => ConditionStatus::unknown(
            Reason::NotObserved,
            format!("the rights of the ServiceAccounts are not known: {error}"),
        ),
    })
}
