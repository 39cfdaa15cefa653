//! The conditions about the whole.

use super::{ConditionStatus, ConditionValue, Observation, ReconcileMode};
use crate::model::{component::Component, condition_type::ConditionType, reason::Reason};

/// A part and what is so with it.
type Part = (ConditionType, ConditionStatus);

pub(super) fn summarise(observation: &Observation, parts: &[Part]) -> Vec<Part> {
    vec![
        (ConditionType::Ready, ready(observation, parts)),
        (ConditionType::Available, available(observation)),
        (ConditionType::Progressing, progressing(observation, parts)),
        (ConditionType::Degraded, degraded(observation, parts)),
    ]
}

fn ready(observation: &Observation, parts: &[Part]) -> ConditionStatus {
    if let Some(problem) = observation.first_problem() {
        return ConditionStatus::not_met(problem.reason, problem.message.clone());
    }
    if observation.mode == ReconcileMode::Suspended {
        return suspended(parts);
    }
    if let Some((part, verdict)) = failing(parts).or_else(|| parts.iter().find(|part| is_missing(part))) {
        return ConditionStatus::not_met(verdict.reason, format!("{}: {}", part.name(), verdict.message));
    }
    // What is there may all be well, and not yet be what is asked for.
    match &observation.waiting {
        Some(waiting) => ConditionStatus::not_met(waiting.reason, waiting.message.clone()),
        None => ConditionStatus::met(Reason::AsExpected, "everything is ready"),
    }
}

/// What others tell us may be unknown while everything of ours works.
fn is_missing((part, verdict): &Part) -> bool {
    let is_told = matches!(
        part,
        ConditionType::KafkaReachable | ConditionType::ObjectStorageReachable | ConditionType::RulesLoaded
    );
    match verdict.value {
        ConditionValue::True => verdict.reason == Reason::RollingOut,
        ConditionValue::False => true,
        ConditionValue::Unknown => !is_told,
    }
}

fn suspended(parts: &[Part]) -> ConditionStatus {
    match parts.iter().find(|(_, verdict)| verdict.reason == Reason::Suspending) {
        Some((part, verdict)) => {
            ConditionStatus::not_met(Reason::Suspending, format!("{}: {}", part.name(), verdict.message))
        }
        None => ConditionStatus::not_met(Reason::Suspended, "the workloads are scaled to zero"),
    }
}

fn available(observation: &Observation) -> ConditionStatus {
    let workloads = [Component::DataPipeline, Component::DbWriter, Component::Aggregator];
    let absent: Vec<&str> =
        workloads.iter().filter(|it| observation.state.ready(**it) == 0).map(|it| it.name()).collect();
    if absent.is_empty() {
        ConditionStatus::met(Reason::AsExpected, "archives are processed, stored and served")
    } else {
        let reason =
            if observation.mode == ReconcileMode::Suspended { Reason::Suspended } else { Reason::Waiting };
        ConditionStatus::not_met(reason, format!("no pod is ready of {}", absent.join(", ")))
    }
}

fn progressing(observation: &Observation, parts: &[Part]) -> ConditionStatus {
    match observation.mode {
        ReconcileMode::Paused => {
            return ConditionStatus::not_met(
                Reason::Paused,
                "nothing is touched until spec.reconciliation is Active",
            );
        }
        ReconcileMode::Planned => {
            return ConditionStatus::not_met(
                Reason::Planned,
                "nothing is changed; status.plan says what would be",
            );
        }
        ReconcileMode::Active | ReconcileMode::Suspended => {}
    }
    if let Some(waiting) = &observation.waiting {
        return ConditionStatus::met(waiting.reason, waiting.message.clone());
    }
    match parts.iter().find(|(_, verdict)| is_on_its_way(verdict.reason)) {
        Some((part, verdict)) => {
            ConditionStatus::met(verdict.reason, format!("{}: {}", part.name(), verdict.message))
        }
        None => ConditionStatus::not_met(Reason::AsExpected, "nothing is under way"),
    }
}

fn degraded(observation: &Observation, parts: &[Part]) -> ConditionStatus {
    if let Some(problem) = observation.first_problem() {
        return ConditionStatus::met(problem.reason, problem.message.clone());
    }
    match failing(parts) {
        Some((part, verdict)) => {
            ConditionStatus::met(verdict.reason, format!("{}: {}", part.name(), verdict.message))
        }
        None => ConditionStatus::not_met(Reason::AsExpected, "nothing is wrong"),
    }
}

/// The first part that fails for a cause of its own. A part that waits for another one is not the cause.
fn failing(parts: &[Part]) -> Option<&Part> {
    parts.iter().find(|(_, verdict)| verdict.value == ConditionValue::False && is_failure(verdict.reason))
}

fn is_on_its_way(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::Starting
            | Reason::RollingOut
            | Reason::Waiting
            | Reason::Suspending
            | Reason::MigrationRunning
            | Reason::StoragePending
    )
}

fn is_failure(reason: Reason) -> bool {
    let is_stance = matches!(reason, Reason::Suspended | Reason::Paused | Reason::Planned);
    !is_stance
        && !is_on_its_way(reason)
        && !matches!(reason, Reason::AsExpected | Reason::NotObserved | Reason::NotWanted)
}
