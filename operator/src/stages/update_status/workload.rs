//! Whether a component is ready, and if not, why.

use ccx_service::Dependency;

use super::{ConditionStatus, Observation, ReconcileMode, Workload};
use crate::{
    cache::status::{PodIssue, PodIssueKind, Rollout},
    model::{component::Component, problem::Problem, reason::Reason},
};

pub(super) fn ready(observation: &Observation, component: Component) -> ConditionStatus {
    let workload = observation.state.workloads.get(&component);
    let Some((workload, rollout)) = workload.and_then(|it| Some((it, it.rollout.as_ref()?))) else {
        return absent(observation, component);
    };
    let unmet = observation.probed.unmet.get(&component).map(Vec::as_slice).unwrap_or_default();
    suspended(observation, rollout).unwrap_or_else(|| rollout_status(workload, rollout, unmet))
}

/// Returns the status of a Deployment or StatefulSet that exists.
fn rollout_status(workload: &Workload, rollout: &Rollout, unmet: &[Dependency]) -> ConditionStatus {
    let Rollout { ready, desired, .. } = rollout;
    let count = format!("{ready} of {desired} pods of {} are ready", workload.name);
    if let Some(message) = &rollout.refused {
        let message = format!("pods of {} can't be created: {message}", workload.name);
        return ConditionStatus::not_met(refusal(&message), message);
    }
    match &workload.missing {
        Some(Problem { reason, message }) if rollout.is_complete() => {
            return ConditionStatus::met(*reason, format!("{count} and are not updated: {message}"));
        }
        Some(Problem { reason, message }) => {
            return ConditionStatus::not_met(*reason, format!("{count}: {message}"));
        }
        None if rollout.is_complete() => return ConditionStatus::met(Reason::AsExpected, count),
        None => {}
    }
    if let Some(Problem { reason, message }) = worst_problem(workload, unmet) {
        return ConditionStatus::not_met(reason, format!("{count}; {message}"));
    }
    if rollout.is_stuck {
        return ConditionStatus::not_met(
            Reason::Stuck,
            format!("{count}; the progress deadline is exceeded"),
        );
    }
    if rollout.is_observed && ready >= desired {
        let message = format!("{count}, {} of the newest revision", rollout.updated);
        return ConditionStatus::met(Reason::RollingOut, message);
    }
    let reason = if *ready > 0 { Reason::RollingOut } else { Reason::Starting };
    ConditionStatus::not_met(reason, count)
}

fn absent(observation: &Observation, component: Component) -> ConditionStatus {
    if observation.mode == ReconcileMode::Planned {
        let message = format!("{component} does not exist; status.plan lists what would be created");
        return ConditionStatus::not_met(Reason::Planned, message);
    }
    let workload = observation.state.workload(component);
    let own = workload.and_then(|workload| workload.missing.as_ref().or(workload.held.as_ref()));
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

fn refusal(message: &str) -> Reason {
    if message.contains("exceeded quota") { Reason::QuotaExceeded } else { Reason::PodsRefused }
}

/// Returns the most severe problem: that of a process which can't start before that of one which starts and
/// fails.
fn worst_problem(workload: &Workload, unmet: &[Dependency]) -> Option<Problem> {
    let issues = workload.pods.iter().filter_map(|(name, pod)| Some((name, pod.issue.as_deref()?)));
    let (name, issue) = issues.min_by_key(|(_, issue)| severity(issue.kind))?;
    match issue.kind {
        PodIssueKind::NotReady => unmet.first().map(|dependency| {
            Problem::new(dependency_reason(dependency), format!("pod {name}: {dependency}"))
        }),
        _ => Some(Problem::new(issue_reason(issue.kind), format!("pod {name}{}", describe(issue)))),
    }
}

fn severity(kind: PodIssueKind) -> u8 {
    match kind {
        PodIssueKind::MissingConfig => 0,
        PodIssueKind::ImagePull => 1,
        PodIssueKind::OutOfMemory => 2,
        PodIssueKind::CrashLoop { .. } | PodIssueKind::Failed { .. } => 3,
        PodIssueKind::Unschedulable => 4,
        PodIssueKind::NotReady => 5,
    }
}

fn issue_reason(kind: PodIssueKind) -> Reason {
    match kind {
        PodIssueKind::Unschedulable => Reason::Unschedulable,
        PodIssueKind::ImagePull => Reason::ImagePullFailed,
        PodIssueKind::MissingConfig => Reason::SecretMissing,
        PodIssueKind::OutOfMemory => Reason::OutOfMemory,
        PodIssueKind::CrashLoop { .. } | PodIssueKind::Failed { .. } => Reason::CrashLooping,
        PodIssueKind::NotReady => Reason::ProbeFailing,
    }
}

fn describe(issue: &PodIssue) -> String {
    match issue.kind {
        PodIssueKind::CrashLoop { exit_code } | PodIssueKind::Failed { exit_code } => {
            format!(" exited with code {exit_code}: {}", issue.message)
        }
        _ => format!(": {}", issue.message),
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
