//! The conditions about the whole.

use super::{ConditionType, Observation, Stance, Truth, Verdict};
use crate::{component::Component, reason::Reason};

/// A part and what is so with it.
type Part = (ConditionType, Verdict);

pub(super) fn summarise(observation: &Observation, parts: &[Part]) -> Vec<Part> {
    vec![
        (ConditionType::Ready, ready(observation, parts)),
        (ConditionType::Available, available(observation)),
        (ConditionType::Progressing, progressing(observation, parts)),
        (ConditionType::Degraded, degraded(observation, parts)),
    ]
}

fn ready(observation: &Observation, parts: &[Part]) -> Verdict {
    if let Some(problem) = observation.trouble() {
        return Verdict::no(problem.reason, problem.message.clone());
    }
    if observation.stance == Stance::Suspended {
        return suspended(parts);
    }
    if let Some((part, verdict)) = failing(parts).or_else(|| parts.iter().find(|part| is_missing(part))) {
        return Verdict::no(verdict.reason, format!("{}: {}", part.name(), verdict.message));
    }
    // What is there may all be well, and not yet be what is asked for.
    match &observation.waiting {
        Some(waiting) => Verdict::no(waiting.reason, waiting.message.clone()),
        None => Verdict::yes(Reason::AsExpected, "everything is ready"),
    }
}

/// What others tell us may be unknown while everything of ours works.
fn is_missing((part, verdict): &Part) -> bool {
    let is_told = matches!(
        part,
        ConditionType::KafkaReachable | ConditionType::ObjectStorageReachable | ConditionType::RulesLoaded
    );
    match verdict.truth {
        Truth::True => verdict.reason == Reason::RollingOut,
        Truth::False => true,
        Truth::Unknown => !is_told,
    }
}

fn suspended(parts: &[Part]) -> Verdict {
    match parts.iter().find(|(_, verdict)| verdict.reason == Reason::Suspending) {
        Some((part, verdict)) => {
            Verdict::no(Reason::Suspending, format!("{}: {}", part.name(), verdict.message))
        }
        None => Verdict::no(Reason::Suspended, "the workloads are scaled to zero"),
    }
}

fn available(observation: &Observation) -> Verdict {
    let workloads = [Component::DataPipeline, Component::DbWriter, Component::Aggregator];
    let absent: Vec<&str> =
        workloads.iter().filter(|it| observation.view.ready(**it) == 0).map(|it| it.name()).collect();
    if absent.is_empty() {
        Verdict::yes(Reason::AsExpected, "archives are processed, stored and served")
    } else {
        let reason =
            if observation.stance == Stance::Suspended { Reason::Suspended } else { Reason::Waiting };
        Verdict::no(reason, format!("no pod is ready of {}", absent.join(", ")))
    }
}

fn progressing(observation: &Observation, parts: &[Part]) -> Verdict {
    match observation.stance {
        Stance::Paused => {
            return Verdict::no(Reason::Paused, "nothing is touched until spec.reconciliation is Active");
        }
        Stance::Planned => {
            return Verdict::no(Reason::Planned, "nothing is changed; status.plan says what would be");
        }
        Stance::Active | Stance::Suspended => {}
    }
    if let Some(waiting) = &observation.waiting {
        return Verdict::yes(waiting.reason, waiting.message.clone());
    }
    match parts.iter().find(|(_, verdict)| is_on_its_way(verdict.reason)) {
        Some((part, verdict)) => {
            Verdict::yes(verdict.reason, format!("{}: {}", part.name(), verdict.message))
        }
        None => Verdict::no(Reason::AsExpected, "nothing is under way"),
    }
}

fn degraded(observation: &Observation, parts: &[Part]) -> Verdict {
    if let Some(problem) = observation.trouble() {
        return Verdict::yes(problem.reason, problem.message.clone());
    }
    match failing(parts) {
        Some((part, verdict)) => {
            Verdict::yes(verdict.reason, format!("{}: {}", part.name(), verdict.message))
        }
        None => Verdict::no(Reason::AsExpected, "nothing is wrong"),
    }
}

/// The first part that fails for a cause of its own. A part that waits for another one is not the cause.
fn failing(parts: &[Part]) -> Option<&Part> {
    parts.iter().find(|(_, verdict)| verdict.truth == Truth::False && is_failure(verdict.reason))
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
