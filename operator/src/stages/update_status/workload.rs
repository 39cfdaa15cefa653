//! Whether a component is ready, and if not, why.

use ccx_service::Dependency;
use k8s_openapi::jiff::Timestamp;

use super::{ConditionStatus, Observation, ReconcileMode, Workload, pod_issue};
use crate::{
    cache::status::{PodIssueKind, Rollout},
    model::{component::Component, problem::Problem, reason::Reason},
};

pub(super) fn ready(observation: &Observation, component: Component) -> ConditionStatus {
    let workload = observation.state.workloads.get(&component);
    let Some((workload, rollout)) = workload.and_then(|it| Some((it, it.rollout.as_ref()?))) else {
        return absent(observation, component);
    };
    let unmet = observation.probed.unmet.get(&component).map(Vec::as_slice).unwrap_or_default();
    suspended(observation, rollout)
        .unwrap_or_else(|| rollout_status(workload, rollout, unmet, observation.now))
}

/// Returns whether an optional component is ready; `None` for one that is not wanted.
pub(super) fn ready_if_wanted(observation: &Observation, component: Component) -> Option<ConditionStatus> {
    observation.state.is_wanted(component).then(|| ready(observation, component))
}

/// Returns the status of a Deployment or StatefulSet that exists: it is ready when the pods of the floor are.
fn rollout_status(
    workload: &Workload,
    rollout: &Rollout,
    unmet: &[Dependency],
    now: Timestamp,
) -> ConditionStatus {
    let Rollout { ready, desired, .. } = rollout;
    let count = format!("{ready} of {desired} pods of {} are ready", workload.name);
    let is_ready = rollout.has_ready(workload.floor.unwrap_or(*desired));
    if let Some(cause) = shortfall(workload, rollout, unmet, now) {
        let message = format!("{count}{}", cause.message);
        return if is_ready {
            ConditionStatus::met(cause.reason, message)
        } else {
            ConditionStatus::not_met(cause.reason, message)
        };
    }
    if is_ready {
        return ConditionStatus::met(Reason::AsExpected, count);
    }
    if rollout.is_observed && ready >= desired {
        let message = format!("{count}, {} of the newest revision", rollout.updated);
        return ConditionStatus::met(Reason::RollingOut, message);
    }
    let reason = if *ready > 0 { Reason::RollingOut } else { Reason::Starting };
    ConditionStatus::not_met(reason, count)
}

/// Returns the cause for which pods are absent, not ready or not updated. Its message continues a sentence.
fn shortfall(
    workload: &Workload,
    rollout: &Rollout,
    unmet: &[Dependency],
    now: Timestamp,
) -> Option<Problem> {
    if let Some(message) = &rollout.refused {
        return Some(Problem::new(refusal(message), format!("; others can't be created: {message}")));
    }
    if let Some(Problem { reason, message }) = &workload.missing {
        let are_all_ready = rollout.is_complete();
        let not_updated = if are_all_ready { " and are not updated" } else { "" };
        return Some(Problem::new(*reason, format!("{not_updated}: {message}")));
    }
    if rollout.is_complete() {
        return None;
    }
    if let Some(Problem { reason, message }) = worst_problem(workload, unmet, now) {
        return Some(Problem::new(reason, format!("; {message}")));
    }
    rollout.is_stuck.then(|| Problem::new(Reason::Stuck, "; the progress deadline is exceeded"))
}

fn absent(observation: &Observation, component: Component) -> ConditionStatus {
    if observation.mode == ReconcileMode::Planned {
        let message = format!("{component} does not exist; status.plan lists what would be created");
        return ConditionStatus::not_met(Reason::Planned, message);
    }
    let workload = observation.state.workload(component);
    let own = workload.and_then(|workload| workload.missing.as_ref().or(workload.held.as_ref()));
    let is_built = workload.is_some_and(|workload| workload.image.is_some());
    if let Some(cause) = observation.errors.first().filter(|_| !is_built) {
        // The resource as a whole has the problem, which is not one of this component.
        let message = format!("{component} is not created until the problem that Ready reports is corrected");
        return ConditionStatus::not_met(cause.reason, message);
    }
    match own.or(observation.errors.first()).or(observation.waiting.as_ref()) {
        Some(cause) => ConditionStatus::not_met_by(cause),
        None => ConditionStatus::not_met(Reason::Starting, format!("{component} does not exist yet")),
    }
}

fn suspended(observation: &Observation, rollout: &Rollout) -> Option<ConditionStatus> {
    if observation.mode != ReconcileMode::Suspended {
        return None;
    }
    Some(if rollout.is_gone() {
        ConditionStatus::not_met(Reason::Suspended, "scaled to zero")
    } else {
        ConditionStatus::not_met(Reason::Suspending, format!("{} pods are still running", rollout.total))
    })
}

/// Returns the reason for which pods can't be created.
pub(super) fn refusal(message: &str) -> Reason {
    if message.contains("exceeded quota") { Reason::QuotaExceeded } else { Reason::PodsRefused }
}

/// Returns the problem of the pods. Pods that run and are not ready have one when they report an unmet
/// dependency; those that are still connecting have none.
fn worst_problem(workload: &Workload, unmet: &[Dependency], now: Timestamp) -> Option<Problem> {
    let issues = workload.pods.iter().filter_map(|(name, pod)| Some((name.as_str(), pod.issue.as_deref()?)));
    let (name, issue) = pod_issue::worst(issues)?;
    match issue.kind {
        PodIssueKind::NotReady => unmet.iter().find(|dependency| !dependency.connecting).map(|dependency| {
            Problem::new(dependency_reason(dependency), format!("pod {name}: {dependency}"))
        }),
        _ => Some(pod_issue::problem(name, issue, now)),
    }
}

/// Returns the reason for a dependency that a pod can't use.
fn dependency_reason(dependency: &Dependency) -> Reason {
    match dependency.name.as_str() {
        Dependency::KAFKA => Reason::KafkaUnreachable,
        Dependency::OBJECT_STORAGE => Reason::ObjectStorageUnreachable,
        Dependency::DATABASE => Reason::DatabaseUnreachable,
        _ => Reason::ProbeFailing,
    }
}
