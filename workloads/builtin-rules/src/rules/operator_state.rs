//! State of a cluster operator, as recommendations show it.

use chrono::TimeDelta;
use serde::Serialize;

use super::excerpt;
use ccx_rules::{
    Context,
    documents::{ClusterOperator, Condition},
};

/// Duration for which an operator may be degraded while its pods or nodes are replaced: that of the
/// platform's own alert `ClusterOperatorDegraded`.
pub(super) const MIN_DEGRADED: TimeDelta = TimeDelta::minutes(30);

/// Duration for which an operator may be unavailable: that of the platform's own alert `ClusterOperatorDown`.
pub(super) const MIN_UNAVAILABLE: TimeDelta = TimeDelta::minutes(10);

/// Returns the condition `Degraded` of an operator that has been degraded for [`MIN_DEGRADED`].
pub(super) fn lasting_degraded<'o, 'a>(
    operator: &'o ClusterOperator<'a>,
    context: &Context<'_>,
) -> Option<&'o Condition<'a>> {
    let degraded = operator.status.conditions.find_true("Degraded")?;
    context.has_lasted(&degraded.last_transition_time, MIN_DEGRADED).then_some(degraded)
}

/// Returns the condition `Available` of an operator that has been unavailable for [`MIN_UNAVAILABLE`].
pub(super) fn lasting_unavailable<'o, 'a>(
    operator: &'o ClusterOperator<'a>,
    context: &Context<'_>,
) -> Option<&'o Condition<'a>> {
    let unavailable = operator.status.conditions.find_false("Available")?;
    context.has_lasted(&unavailable.last_transition_time, MIN_UNAVAILABLE).then_some(unavailable)
}

/// Cluster operator with its four usual conditions.
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
    pub(super) fn new(operator: &'a ClusterOperator<'_>) -> Self {
        let condition = |r#type| operator.status.conditions.find(r#type).map(ConditionState::new);
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
    fn new(condition: &'a Condition<'_>) -> Self {
        Self {
            status: &condition.status,
            reason: &condition.reason,
            message: excerpt(&condition.message),
            last_trans_time: &condition.last_transition_time,
        }
    }
}
