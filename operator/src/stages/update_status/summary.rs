//! The conditions of the resource as a whole.

use super::{ConditionStatus, ConditionType, ConditionValue, Observation, ReconcileMode};
use crate::model::{component::Component, reason::Reason};

/// A part and its status.
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
        return ConditionStatus::not_met_by(problem);
    }
    if observation.mode == ReconcileMode::Suspended {
        return suspended(parts);
    }
    if let Some(part) = failing(parts).or_else(|| parts.iter().find(|part| is_unready(part))) {
        return ConditionStatus::not_met(part.1.cause.reason, message(part));
    }
    // All existing objects may be ready, and not yet be the desired ones.
    match &observation.waiting {
        Some(cause) => ConditionStatus::not_met_by(cause),
        None => ConditionStatus::met(Reason::AsExpected, "all components are ready"),
    }
}

/// Conditions that pods report may be unknown while all components are ready.
fn is_unready((part, status): &Part) -> bool {
    let is_reported = matches!(
        part,
        ConditionType::KafkaReachable | ConditionType::ObjectStorageReachable | ConditionType::RulesLoaded
    );
    match status.value {
        ConditionValue::True => status.cause.reason == Reason::RollingOut,
        ConditionValue::False => true,
        ConditionValue::Unknown => !is_reported,
    }
}

fn suspended(parts: &[Part]) -> ConditionStatus {
    match parts.iter().find(|(_, status)| status.cause.reason == Reason::Suspending) {
        Some(part) => ConditionStatus::not_met(Reason::Suspending, message(part)),
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
            return ConditionStatus::not_met(Reason::Paused, "paused by spec.reconciliation");
        }
        ReconcileMode::Planned => {
            let message = "spec.mode is Plan: nothing is applied; see status.plan";
            return ConditionStatus::not_met(Reason::Planned, message);
        }
        ReconcileMode::Active | ReconcileMode::Suspended => {}
    }
    if let Some(cause) = &observation.waiting {
        return ConditionStatus::met_by(cause);
    }
    match parts.iter().find(|(_, status)| is_in_progress(status.cause.reason)) {
        Some(part) => ConditionStatus::met(part.1.cause.reason, message(part)),
        None => ConditionStatus::not_met(Reason::AsExpected, "no change is in progress"),
    }
}

fn degraded(observation: &Observation, parts: &[Part]) -> ConditionStatus {
    if let Some(problem) = observation.first_problem() {
        return ConditionStatus::met_by(problem);
    }
    match failing(parts) {
        Some(part) => ConditionStatus::met(part.1.cause.reason, message(part)),
        None => ConditionStatus::not_met(Reason::AsExpected, "no problem is known"),
    }
}

fn message((part, status): &Part) -> String {
    format!("{}: {}", part.name(), status.cause.message)
}

/// Returns the first part that fails for a cause of its own. A part that waits for another one is not the
/// cause.
fn failing(parts: &[Part]) -> Option<&Part> {
    parts.iter().find(|(_, status)| status.value == ConditionValue::False && is_failure(status.cause.reason))
}

fn is_in_progress(reason: Reason) -> bool {
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
    let is_mode = matches!(reason, Reason::Suspended | Reason::Paused | Reason::Planned);
    !is_mode
        && !is_in_progress(reason)
        && !matches!(reason, Reason::AsExpected | Reason::NotObserved | Reason::NotWanted)
}
