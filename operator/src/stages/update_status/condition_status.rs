//! Conditions, as the Kubernetes API has them.

use k8s_openapi::{
    apimachinery::pkg::apis::meta::v1::{Condition, Time},
    jiff::Timestamp,
};

use crate::model::{condition_type::ConditionType, reason::Reason};

/// What the API server allows a message to have; we stay well below, since a status is stored with every change.
const MAX_MESSAGE_CHARS: usize = 1024;

/// Whether a condition is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConditionValue {
    True,
    False,
    Unknown,
}

impl ConditionValue {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

/// A condition's status, reason and message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConditionStatus {
    pub(crate) value: ConditionValue,
    pub(crate) reason: Reason,
    pub(crate) message: String,
}

impl ConditionStatus {
    pub(crate) fn met(reason: Reason, message: impl Into<String>) -> Self {
        Self { value: ConditionValue::True, reason, message: message.into() }
    }

    pub(crate) fn not_met(reason: Reason, message: impl Into<String>) -> Self {
        Self { value: ConditionValue::False, reason, message: message.into() }
    }

    pub(crate) fn unknown(reason: Reason, message: impl Into<String>) -> Self {
        Self { value: ConditionValue::Unknown, reason, message: message.into() }
    }

    /// The condition. The time of its last transition is kept while its status is the same.
    pub(crate) fn condition(
        &self,
        kind: ConditionType,
        generation: Option<i64>,
        before: &[Condition],
        now: Timestamp,
    ) -> Condition {
        let status = self.value.name();
        let same =
            before.iter().find(|condition| condition.type_ == kind.name() && condition.status == status);
        Condition {
            type_: kind.name().into(),
            status: status.into(),
            reason: self.reason.name().into(),
            message: self.message.chars().take(MAX_MESSAGE_CHARS).collect(),
            observed_generation: generation,
            last_transition_time: same.map_or(Time(now), |condition| condition.last_transition_time.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_time_of_a_transition_is_kept_while_the_status_is() {
        let first = ConditionStatus::not_met(Reason::Starting, "").condition(
            ConditionType::Ready,
            Some(1),
            &[],
            at(1),
        );
        let before = [first];
        let same = ConditionStatus::not_met(Reason::Unschedulable, "x").condition(
            ConditionType::Ready,
            Some(2),
            &before,
            at(2),
        );
        assert_eq!((same.last_transition_time, same.observed_generation), (Time(at(1)), Some(2)));
        let other = ConditionStatus::met(Reason::AsExpected, "").condition(
            ConditionType::Ready,
            Some(2),
            &before,
            at(2),
        );
        assert_eq!(other.last_transition_time, Time(at(2)));
    }
}
