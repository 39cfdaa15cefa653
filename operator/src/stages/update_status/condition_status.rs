//! The status, reason and message of a condition.

use k8s_openapi::{
    apimachinery::pkg::apis::meta::v1::{Condition, Time},
    jiff::Timestamp,
};

use crate::model::{condition_type::ConditionType, problem::Problem, reason::Reason};

/// The limit of a message, well below that of the API server, since a status is stored with every change.
const MAX_MESSAGE_CHARS: usize = 1024;

/// The `status` of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConditionValue {
    True,
    False,
    Unknown,
}

impl ConditionValue {
    fn name(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

/// The status of a condition with its cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConditionStatus {
    pub(crate) value: ConditionValue,
    pub(crate) cause: Problem,
}

impl ConditionStatus {
    pub(crate) fn met(reason: Reason, message: impl Into<String>) -> Self {
        Self { value: ConditionValue::True, cause: Problem::new(reason, message) }
    }

    pub(crate) fn not_met(reason: Reason, message: impl Into<String>) -> Self {
        Self { value: ConditionValue::False, cause: Problem::new(reason, message) }
    }

    pub(crate) fn unknown(reason: Reason, message: impl Into<String>) -> Self {
        Self { value: ConditionValue::Unknown, cause: Problem::new(reason, message) }
    }

    pub(crate) fn met_by(cause: &Problem) -> Self {
        Self { value: ConditionValue::True, cause: cause.clone() }
    }

    pub(crate) fn not_met_by(cause: &Problem) -> Self {
        Self { value: ConditionValue::False, cause: cause.clone() }
    }

    /// Returns the condition. The time of its last transition is kept while its status is the same.
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
            reason: self.cause.reason.name().into(),
            message: self.cause.advised().chars().take(MAX_MESSAGE_CHARS).collect(),
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
    fn message_of_the_cluster_is_followed_by_what_to_do() {
        let status = ConditionStatus::not_met(Reason::ImagePullFailed, "pod a: manifest unknown");
        let condition = status.condition(ConditionType::PipelineReady, Some(1), &[], at(1));
        let expected = "pod a: manifest unknown; correct the image, or the registry's credentials in spec.imagePullSecrets";
        assert_eq!(condition.message, expected);
    }

    #[test]
    fn transition_time_is_kept_while_status_is_the_same() {
        let first = ConditionStatus::not_met(Reason::Starting, "").condition(
            ConditionType::Ready,
            Some(1),
            &[],
            at(1),
        );
        let before = [first];
        let same = ConditionStatus::not_met(Reason::Unschedulable, "x");
        let same = same.condition(ConditionType::Ready, Some(2), &before, at(2));
        assert_eq!((same.last_transition_time, same.observed_generation), (Time(at(1)), Some(2)));
        let other = ConditionStatus::met(Reason::AsExpected, "");
        let other = other.condition(ConditionType::Ready, Some(2), &before, at(2));
        assert_eq!(other.last_transition_time, Time(at(2)));
    }
}
