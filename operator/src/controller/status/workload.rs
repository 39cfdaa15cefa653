//! Whether a component is ready, and if not, why.

use super::{Observation, Problem, Stance, Verdict, Workload};
use crate::{
    component::Component,
    controller::{
        facts::{PodProblem, Rollout, Trouble},
        probe::Lack,
    },
    reason::Reason,
};

pub(super) fn ready(observation: &Observation, component: Component) -> Verdict {
    let workload = observation.view.workloads.get(&component);
    let Some((workload, rollout)) = workload.and_then(|it| Some((it, it.rollout.as_ref()?))) else {
        return absent(observation, component);
    };
    let lacks = observation.answers.lacks.get(&component).map(Vec::as_slice).unwrap_or_default();
    suspended(observation, rollout).unwrap_or_else(|| of_rollout(workload, rollout, lacks))
}

/// What is so with a Deployment or StatefulSet that exists.
pub(super) fn of_rollout(workload: &Workload, rollout: &Rollout, lacks: &[Lack]) -> Verdict {
    let Rollout { ready, desired, .. } = rollout;
    let count = format!("{ready} of {desired} pods of {} are ready", workload.name);
    if let Some(message) = &rollout.refused {
        return Verdict::no(refusal(message), format!("{} gets no pods: {message}", workload.name));
    }
    match &workload.missing {
        Some(Problem { reason, message }) if rollout.is_complete() => {
            return Verdict::yes(*reason, format!("{count} and stay as they are: {message}"));
        }
        Some(Problem { reason, message }) => return Verdict::no(*reason, format!("{count}: {message}")),
        None if rollout.is_complete() => return Verdict::yes(Reason::AsExpected, count),
        None => {}
    }
    if let Some((reason, message)) = worst_problem(workload, lacks) {
        return Verdict::no(reason, format!("{count}; {message}"));
    }
    if rollout.is_stuck {
        return Verdict::no(
            Reason::Stuck,
            format!("{count}, and it has taken longer than the deadline allows"),
        );
    }
    if rollout.is_observed && ready >= desired {
        return Verdict::yes(
            Reason::RollingOut,
            format!("{count}, {} of the newest version", rollout.updated),
        );
    }
    let reason = if *ready > 0 { Reason::RollingOut } else { Reason::Starting };
    Verdict::no(reason, count)
}

fn absent(observation: &Observation, component: Component) -> Verdict {
    if observation.stance == Stance::Planned {
        return Verdict::no(
            Reason::Planned,
            format!("{component} does not exist; status.plan says what would be made"),
        );
    }
    let missing = observation.view.workload(component).and_then(|workload| workload.missing.as_ref());
    if let Some(problem) = missing.or(observation.problems.first()) {
        return Verdict::no(problem.reason, problem.message.clone());
    }
    match &observation.waiting {
        Some(waiting) => Verdict::no(waiting.reason, waiting.message.clone()),
        None => Verdict::no(Reason::Starting, format!("{component} does not exist yet")),
    }
}

fn suspended(observation: &Observation, rollout: &Rollout) -> Option<Verdict> {
    if observation.stance != Stance::Suspended {
        return None;
    }
    let count = format!("{} pods are left", rollout.total);
    Some(if rollout.is_gone() {
        Verdict::no(Reason::Suspended, "there are no pods")
    } else {
        Verdict::no(Reason::Suspending, count)
    })
}

fn refusal(message: &str) -> Reason {
    if message.contains("exceeded quota") { Reason::QuotaExceeded } else { Reason::PodsRefused }
}

/// The problem that most needs somebody: that of a process which can't even start before that of one which starts and fails.
fn worst_problem(workload: &Workload, lacks: &[Lack]) -> Option<(Reason, String)> {
    let problems = workload.pods.iter().filter_map(|(name, pod)| Some((name, pod.problem.as_deref()?)));
    let (name, problem) = problems.min_by_key(|(_, problem)| severity(problem.trouble))?;
    match problem.trouble {
        Trouble::NotReady => lacks.first().map(|lack| (missing(lack), format!("pod {name} says {lack}"))),
        _ => Some((reason(problem.trouble), format!("pod {name}{}", describe(problem)))),
    }
}

fn severity(trouble: Trouble) -> u8 {
    match trouble {
        Trouble::MissingConfig => 0,
        Trouble::ImagePull => 1,
        Trouble::OutOfMemory => 2,
        Trouble::CrashLoop { .. } | Trouble::Failed { .. } => 3,
        Trouble::Unschedulable => 4,
        Trouble::NotReady => 5,
    }
}

fn reason(trouble: Trouble) -> Reason {
    match trouble {
        Trouble::Unschedulable => Reason::Unschedulable,
        Trouble::ImagePull => Reason::ImagePullFailed,
        Trouble::MissingConfig => Reason::SecretMissing,
        Trouble::OutOfMemory => Reason::OutOfMemory,
        Trouble::CrashLoop { .. } | Trouble::Failed { .. } => Reason::CrashLooping,
        Trouble::NotReady => Reason::ProbeFailing,
    }
}

fn describe(problem: &PodProblem) -> String {
    match problem.trouble {
        Trouble::CrashLoop { exit_code } | Trouble::Failed { exit_code } => {
            format!(" ended with exit code {exit_code}: {}", problem.message)
        }
        _ => format!(": {}", problem.message),
    }
}

/// What a pod lacks that says so itself.
pub(super) fn missing(lack: &Lack) -> Reason {
    match lack.name.as_str() {
        "kafka" => Reason::KafkaUnreachable,
        "object storage" => Reason::ObjectStorageUnreachable,
        "database" => Reason::DatabaseUnreachable,
        _ => Reason::ProbeFailing,
    }
}
