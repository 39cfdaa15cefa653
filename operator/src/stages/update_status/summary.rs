//! The conditions of the resource as a whole.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use super::{ConditionStatus, ConditionType, ConditionValue, Observation, ReconcileMode};
use crate::model::{component::Component, problem::Problem, reason::Reason};

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
    if let Some(part) = parts.iter().filter(|part| is_unready(part)).min_by_key(|part| severity(part)) {
        return ConditionStatus::not_met(part.1.cause.reason, message(part));
    }
    // All existing objects may be ready, and not yet be the desired ones.
    match &observation.waiting {
        Some(cause) => ConditionStatus::not_met_by(cause),
        None => ConditionStatus::met(Reason::AsExpected, "all components are ready"),
    }
}

/// Conditions that pods and other controllers report may be unknown while all components are ready.
fn is_unready((part, status): &Part) -> bool {
    let is_reported = matches!(
        part,
        ConditionType::KafkaReachable
            | ConditionType::ObjectStorageReachable
            | ConditionType::RulesLoaded
            | ConditionType::ApiExposed
            | ConditionType::PublicApiExposed
    );
    // The pods of the floor are ready without an autoscaler, the cleaner and users of the cluster.
    if matches!(
        part,
        ConditionType::AutoscalingReady | ConditionType::CleanerReady | ConditionType::TokenReviewAllowed
    ) {
        return false;
    }
    match status.value {
        ConditionValue::True => status.cause.reason == Reason::RollingOut,
        ConditionValue::False => true,
        ConditionValue::Unknown => !is_reported,
    }
}

/// The order of causes: a failure, then progress, then what was not observed, which follows from the others.
fn severity(part: &Part) -> u8 {
    match part.1.value {
        ConditionValue::False if is_failing(part) => 0,
        ConditionValue::False if part.1.cause.reason == Reason::Waiting => 2,
        ConditionValue::False | ConditionValue::True => 1,
        ConditionValue::Unknown => 3,
    }
}

fn suspended(parts: &[Part]) -> ConditionStatus {
    match parts.iter().find(|(_, status)| status.cause.reason == Reason::Suspending) {
        Some(part) => ConditionStatus::not_met(Reason::Suspending, message(part)),
        None => ConditionStatus::not_met(Reason::Suspended, "the workloads are scaled to zero"),
    }
}

fn available(observation: &Observation) -> ConditionStatus {
    let needed = [Component::DataPipeline, Component::DbWriter, Component::Aggregator];
    let optional =
        [Component::Ingress, Component::WorkloadsWriter, Component::RequestsWriter, Component::SmartProxy];
    let wanted = optional.into_iter().filter(|it| observation.state.is_wanted(*it));
    let without_pods: Vec<Component> =
        needed.into_iter().chain(wanted).filter(|it| observation.state.ready(*it) == 0).collect();
    let (idle, absent): (Vec<_>, Vec<_>) = without_pods.into_iter().partition(|it| observation.is_idle(*it));
    let names = |of: &[Component]| of.iter().map(|it| it.name()).collect::<Vec<_>>().join(", ");
    if absent.is_empty() && idle.is_empty() {
        ConditionStatus::met(Reason::AsExpected, "archives are processed, stored and served")
    } else if absent.is_empty() {
        let message = format!("the autoscaler has scaled {} to zero until there is work", names(&idle));
        ConditionStatus::met(Reason::AsExpected, message)
    } else {
        let reason =
            if observation.mode == ReconcileMode::Suspended { Reason::Suspended } else { Reason::Waiting };
        ConditionStatus::not_met(reason, format!("no pod is ready of {}", names(&absent)))
    }
}

fn progressing(observation: &Observation, parts: &[Part]) -> ConditionStatus {
    match observation.mode {
        ReconcileMode::Paused => {
            return ConditionStatus::not_met(Reason::Paused, "paused by spec.mode");
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
    if let Some(part) = parts.iter().find(|(_, status)| is_in_progress(status.cause.reason)) {
        return ConditionStatus::met(part.1.cause.reason, message(part));
    }
    // The condition of a component may have another reason while its pods are replaced.
    match observation.state.rolling() {
        Some(workload) => {
            ConditionStatus::met(Reason::RollingOut, format!("the pods of {} are replaced", workload.name))
        }
        None => ConditionStatus::not_met(Reason::AsExpected, "no change is in progress"),
    }
}

fn degraded(observation: &Observation, parts: &[Part]) -> ConditionStatus {
    if let Some(problem) = observation.first_problem() {
        return ConditionStatus::met_by(problem);
    }
    match parts.iter().find(|part| is_failing(part)).or_else(|| parts.iter().find(|part| is_impaired(part))) {
        Some(part) => ConditionStatus::met(part.1.cause.reason, message(part)),
        None => ConditionStatus::not_met(Reason::AsExpected, "no problem is known"),
    }
}

/// Returns the problems of the parts that `before` does not have, one for each reason.
pub(super) fn new_problems(before: &[Condition], conditions: &[Part]) -> Vec<Problem> {
    let mut new: Vec<Problem> = Vec::new();
    for part in conditions.iter().filter(|part| !is_summary(part.0)) {
        let (kind, ConditionStatus { cause, .. }) = part;
        let is_known = before.iter().any(|it| it.type_ == kind.name() && it.reason == cause.reason.name());
        let is_warning = is_warning(cause.reason);
        let is_problem = is_failing(part) || is_impaired(part) || is_warning;
        if is_problem && !is_known && new.iter().all(|other| other.reason != cause.reason) {
            new.push(cause.clone());
        }
    }
    new
}

fn is_summary(kind: ConditionType) -> bool {
    matches!(
        kind,
        ConditionType::Ready
            | ConditionType::Available
            | ConditionType::Progressing
            | ConditionType::Degraded
    )
}

fn message((part, status): &Part) -> String {
    format!("{}: {}", part.name(), status.cause.message)
}

/// Whether a part fails for a cause of its own. A part that waits for another one is not the cause.
fn is_failing((_, status): &Part) -> bool {
    status.value == ConditionValue::False && is_failure(status.cause.reason)
}

/// Whether a part works in spite of a problem, for example of a pod beyond the floor.
fn is_impaired((_, status): &Part) -> bool {
    status.value == ConditionValue::True && is_failure(status.cause.reason)
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
            | Reason::StorageResizePending
            | Reason::WaitingForNode
    )
}

/// Whether the cause of a condition that is met should be corrected.
fn is_warning(reason: Reason) -> bool {
    matches!(reason, Reason::UnverifiedIdentity | Reason::UnknownRules | Reason::AuthenticationMissing)
}

fn is_failure(reason: Reason) -> bool {
    let is_mode = matches!(reason, Reason::Suspended | Reason::Paused | Reason::Planned);
    !is_mode
        && !is_in_progress(reason)
        && !is_warning(reason)
        && !matches!(reason, Reason::AsExpected | Reason::NotObserved | Reason::NotWanted)
}
