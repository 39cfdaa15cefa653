//! Whether a component is ready, and if not, why.

use super::{ConditionStatus, Observation, ReconcileMode, Workload};
use crate::{
    cache::status::{PodIssue, PodIssueKind, Rollout},
    model::{component::Component, problem::Problem, reason::Reason},
    runtime::probe::UnmetDependency,
};

pub(super) fn ready(observation: &Observation, component: Component) -> ConditionStatus {
    let workload = observation.state.workloads.get(&component);
    let Some((workload, rollout)) = workload.and_then(|it| Some((it, it.rollout.as_ref()?))) else {
        return absent(observation, component);
    };
    let unmet = observation.probed.unmet.get(&component).map(Vec::as_slice).unwrap_or_default();
    suspended(observation, rollout).unwrap_or_else(|| of_rollout(workload, rollout, unmet))
}

/// What is so with a Deployment or StatefulSet that exists.
pub(super) fn of_rollout(
    workload: &Workload,
    rollout: &Rollout,
    unmet: &[UnmetDependency],
) -> ConditionStatus {
    let Rollout { ready, desired, .. } = rollout;
    let count = format!("{ready} of {desired} pods of {} are ready", workload.name);
    if let Some(message) = &rollout.refused {
        return ConditionStatus::not_met(
            refusal(message),
            format!("{} gets no pods: {message}", workload.name),
        );
    }
    match &workload.missing {
        Some(Problem { reason, message }) if rollout.is_complete() => {
            return ConditionStatus::met(*reason, format!("{count} and stay as they are: {message}"));
        }
        Some(Problem { reason, message }) => {
            return ConditionStatus::not_met(*reason, format!("{count}: {message}"));
        }
        None if rollout.is_complete() => return ConditionStatus::met(Reason::AsExpected, count),
        None => {}
    }
    if let Some((reason, message)) = worst_problem(workload, unmet) {
        return ConditionStatus::not_met(reason, format!("{count}; {message}"));
    }
    if rollout.is_stuck {
        return ConditionStatus::not_met(
            Reason::Stuck,
            format!("{count}, and it has taken longer than the deadline allows"),
        );
    }
    if rollout.is_observed && ready >= desired {
        return ConditionStatus::met(
            Reason::RollingOut,
            format!("{count}, {} of the newest version", rollout.updated),
        );
    }
    let reason = if *ready > 0 { Reason::RollingOut } else { Reason::Starting };
    ConditionStatus::not_met(reason, count)
}

fn absent(observation: &Observation, component: Component) -> ConditionStatus {
    if observation.mode == ReconcileMode::Planned {
        return ConditionStatus::not_met(
            Reason::Planned,
            format!("{component} does not exist; status.plan says what would be made"),
        );
    }
    let missing = observation.state.workload(component).and_then(|workload| workload.missing.as_ref());
    if let Some(problem) = missing.or(observation.errors.first()) {
        return ConditionStatus::not_met(problem.reason, problem.message.clone());
    }
    match &observation.waiting {
        Some(waiting) => ConditionStatus::not_met(waiting.reason, waiting.message.clone()),
        None => ConditionStatus::not_met(Reason::Starting, format!("{component} does not exist yet")),
    }
}

fn suspended(observation: &Observation, rollout: &Rollout) -> Option<ConditionStatus> {
    if observation.mode != ReconcileMode::Suspended {
        return None;
    }
    let count = format!("{} pods are left", rollout.total);
    Some(if rollout.is_gone() {
        ConditionStatus::not_met(Reason::Suspended, "there are no pods")
    } else {
        ConditionStatus::not_met(Reason::Suspending, count)
    })
}

fn refusal(message: &str) -> Reason {
    if message.contains("exceeded quota") { Reason::QuotaExceeded } else { Reason::PodsRefused }
}

/// The problem that most needs somebody: that of a process which can't even start before that of one which starts and fails.
fn worst_problem(workload: &Workload, unmet: &[UnmetDependency]) -> Option<(Reason, String)> {
    let problems = workload.pods.iter().filter_map(|(name, pod)| Some((name, pod.problem.as_deref()?)));
    let (name, problem) = problems.min_by_key(|(_, problem)| severity(problem.kind))?;
    match problem.kind {
        PodIssueKind::NotReady => {
            unmet.first().map(|dependency| (missing(dependency), format!("pod {name} says {dependency}")))
        }
        _ => Some((reason(problem.kind), format!("pod {name}{}", describe(problem)))),
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

fn reason(kind: PodIssueKind) -> Reason {
    match kind {
        PodIssueKind::Unschedulable => Reason::Unschedulable,
        PodIssueKind::ImagePull => Reason::ImagePullFailed,
        PodIssueKind::MissingConfig => Reason::SecretMissing,
        PodIssueKind::OutOfMemory => Reason::OutOfMemory,
        PodIssueKind::CrashLoop { .. } | PodIssueKind::Failed { .. } => Reason::CrashLooping,
        PodIssueKind::NotReady => Reason::ProbeFailing,
    }
}

fn describe(problem: &PodIssue) -> String {
    match problem.kind {
        PodIssueKind::CrashLoop { exit_code } | PodIssueKind::Failed { exit_code } => {
            format!(" ended with exit code {exit_code}: {}", problem.message)
        }
        _ => format!(": {}", problem.message),
    }
}

/// What a pod unmet that says so itself.
pub(super) fn missing(dependency: &UnmetDependency) -> Reason {
    match dependency.name.as_str() {
        "kafka" => Reason::KafkaUnreachable,
        "object storage" => Reason::ObjectStorageUnreachable,
        "database" => Reason::DatabaseUnreachable,
        _ => Reason::ProbeFailing,
    }
}
