//! Conditions, as the Kubernetes API has them.

use k8s_openapi::{
    apimachinery::pkg::apis::meta::v1::{Condition, Time},
    jiff::Timestamp,
};

use crate::reason::Reason;

/// What the API server allows a message to have; we stay well below, since a status is stored with every change.
const MAX_MESSAGE_CHARS: usize = 1024;

/// A condition of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConditionType {
    /// All is as the specification says.
    Ready,
    /// It does its work.
    Available,
    /// It is on its way.
    Progressing,
    /// Something is wrong.
    Degraded,
    /// Kafka.
    KafkaReachable,
    /// The object storage.
    ObjectStorageReachable,
    /// The database.
    DatabaseReady,
    /// The database's tables.
    SchemaMigrated,
    /// The pods that run rules.
    PipelineReady,
    /// The pod that writes.
    WriterReady,
    /// The pods that answer.
    ApiReady,
    /// The rules.
    RulesLoaded,
}

impl ConditionType {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 12] = [
        Self::Ready,
        Self::Available,
        Self::Progressing,
        Self::Degraded,
        Self::KafkaReachable,
        Self::ObjectStorageReachable,
        Self::DatabaseReady,
        Self::SchemaMigrated,
        Self::PipelineReady,
        Self::WriterReady,
        Self::ApiReady,
        Self::RulesLoaded,
    ];

    /// Its `type`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ready => "Ready",
            Self::Available => "Available",
            Self::Progressing => "Progressing",
            Self::Degraded => "Degraded",
            Self::KafkaReachable => "KafkaReachable",
            Self::ObjectStorageReachable => "ObjectStorageReachable",
            Self::DatabaseReady => "DatabaseReady",
            Self::SchemaMigrated => "SchemaMigrated",
            Self::PipelineReady => "PipelineReady",
            Self::WriterReady => "WriterReady",
            Self::ApiReady => "ApiReady",
            Self::RulesLoaded => "RulesLoaded",
        }
    }

    /// When it is true.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Ready => "everything that the specification asks for is there and works",
            Self::Available => {
                "archives are processed, results stored and reports served, if need be by fewer pods"
            }
            Self::Progressing => "the operator or the cluster is still at work",
            Self::Degraded => "something is wrong that will not pass by itself",
            Self::KafkaReachable => "the pods reach Kafka and are let in",
            Self::ObjectStorageReachable => "the pods reach the object storage and are let in",
            Self::DatabaseReady => "the database takes connections",
            Self::SchemaMigrated => "the database's tables are those of this version",
            Self::PipelineReady => "all pods of the pipeline are ready",
            Self::WriterReady => "the writer is ready",
            Self::ApiReady => "all pods of the aggregator are ready",
            Self::RulesLoaded => "the newest rules are in use",
        }
    }
}

/// Whether a condition is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Truth {
    True,
    False,
    Unknown,
}

impl Truth {
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
pub(crate) struct Verdict {
    pub(crate) truth: Truth,
    pub(crate) reason: Reason,
    pub(crate) message: String,
}

impl Verdict {
    pub(crate) fn yes(reason: Reason, message: impl Into<String>) -> Self {
        Self { truth: Truth::True, reason, message: message.into() }
    }

    pub(crate) fn no(reason: Reason, message: impl Into<String>) -> Self {
        Self { truth: Truth::False, reason, message: message.into() }
    }

    pub(crate) fn unknown(reason: Reason, message: impl Into<String>) -> Self {
        Self { truth: Truth::Unknown, reason, message: message.into() }
    }

    /// The condition. The time of its last transition is kept while its status is the same.
    pub(crate) fn condition(
        &self,
        kind: ConditionType,
        generation: Option<i64>,
        before: &[Condition],
        now: Timestamp,
    ) -> Condition {
        let status = self.truth.name();
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
        let first = Verdict::no(Reason::Starting, "").condition(ConditionType::Ready, Some(1), &[], at(1));
        let before = [first];
        let same =
            Verdict::no(Reason::Unschedulable, "x").condition(ConditionType::Ready, Some(2), &before, at(2));
        assert_eq!((same.last_transition_time, same.observed_generation), (Time(at(1)), Some(2)));
        let other =
            Verdict::yes(Reason::AsExpected, "").condition(ConditionType::Ready, Some(2), &before, at(2));
        assert_eq!(other.last_transition_time, Time(at(2)));
    }
}
