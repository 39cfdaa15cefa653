//! The gates between the stages, and the order of suspension. Pure.

use crate::{
    cache::{
        PipelineObjects,
        status::{ChildStatus, JobState, Rollout},
    },
    model::{
        component::Component,
        kind::Kind,
        problem::Problem,
        reason::Reason,
        resources::{Child, Children, Stage},
    },
    stages::apply::ApplyError,
};

/// What must still happen before the stage after `stage` is applied. A Job that unmet something is not awaited: it may never run, and
/// those who need the same wait by themselves.
pub(super) fn closed(stage: Stage, children: &Children, objects: &PipelineObjects) -> Option<Problem> {
    match stage {
        Stage::Database => children.stage(stage).find_map(|child| database_is_awaited(child, objects)),
        Stage::Migration => children
            .stage(stage)
            .filter(|job| job.missing.is_empty())
            .find_map(|child| job_is_awaited(child, objects)),
        Stage::Foundation | Stage::Workloads | Stage::Exposure | Stage::Monitoring => None,
    }
}

/// A Secret was made up just now: what depends on it is built anew first, so that its fingerprint is right from the start.
pub(super) fn secret_generated(child: &Child) -> Problem {
    Problem::new(Reason::Starting, format!("Secret {} was just created", child.name()))
}

/// A child of an earlier stage could not be applied.
pub(super) fn failed(error: &ApplyError) -> Problem {
    Problem::from(error)
}

fn database_is_awaited(child: &Child, objects: &PipelineObjects) -> Option<Problem> {
    if child.kind != Kind::StatefulSet {
        return None;
    }
    let is_ready = rollout(child, objects).is_some_and(|rollout| rollout.is_observed && rollout.ready > 0);
    let message = format!("StatefulSet {} has no ready pod yet", child.name());
    (!is_ready).then_some(Problem::new(Reason::Waiting, message))
}

fn job_is_awaited(child: &Child, objects: &PipelineObjects) -> Option<Problem> {
    if child.kind != Kind::Job {
        return None;
    }
    match objects.status(child.kind, child.name()) {
        Some(ChildStatus::Job(job)) if job.state == JobState::Succeeded => None,
        _ => Some(Problem::new(Reason::Waiting, format!("Job {} has not succeeded yet", child.name()))),
    }
}

/// Whether a workload that is to have no pods must keep them until those before it have none: who takes in new work stops first,
/// and who stores it stops after it has stored all.
pub(super) fn must_wait_for_suspension(
    child: &Child,
    children: &Children,
    objects: &PipelineObjects,
) -> bool {
    let (Some(component), Kind::Deployment) = (child.component, child.kind) else { return false };
    if child.replicas != Some(0) {
        return false;
    }
    let before = Component::ALL.into_iter().take_while(|other| *other != component);
    before
        .filter_map(|other| children.workload(other))
        .any(|other| rollout(other, objects).is_some_and(|it| !it.is_gone()))
}

fn rollout<'a>(child: &Child, objects: &'a PipelineObjects) -> Option<&'a Rollout> {
    match objects.status(child.kind, child.name())? {
        ChildStatus::Rollout(rollout) => Some(rollout),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
