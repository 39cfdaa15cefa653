//! How an operator is, as the recommendations show it that public rules of old make.

use serde::Serialize;

use super::excerpt;
use ccx_rules::documents::{ClusterOperator, Condition};

/// An operator with its four usual conditions.
#[derive(Serialize)]
pub(super) struct OperatorState<'a> {
    name: &'a str,
    version: &'a str,
    degraded: Option<ConditionState<'a>>,
    available: Option<ConditionState<'a>>,
    progressing: Option<ConditionState<'a>>,
    upgradeable: Option<ConditionState<'a>>,
}

#[derive(Serialize)]
struct ConditionState<'a> {
    status: &'a str,
    reason: &'a str,
    message: &'a str,
    last_trans_time: &'a str,
}

impl<'a> OperatorState<'a> {
    pub(super) fn of(operator: &'a ClusterOperator<'_>) -> Self {
        let condition = |r#type| operator.status.conditions.find(r#type).map(ConditionState::of);
        Self {
            name: &operator.metadata.name,
            version: operator.status.version(),
            degraded: condition("Degraded"),
            available: condition("Available"),
            progressing: condition("Progressing"),
            upgradeable: condition("Upgradeable"),
        }
    }
}

impl<'a> ConditionState<'a> {
    fn of(condition: &'a Condition<'_>) -> Self {
        Self {
            status: &condition.status,
            reason: &condition.reason,
            message: excerpt(&condition.message),
            last_trans_time: &condition.last_transition_time,
        }
    }
}
