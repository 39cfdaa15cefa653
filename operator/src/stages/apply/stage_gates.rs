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

/// Returns why the stage after `stage` can't be applied yet. A Job with a missing reference closes no gate: it may never run, and
/// the workloads that need the same reference wait for it themselves.
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

/// Returns the problem of a Secret that was just created: its users are rebuilt first, so that their digests include it.
pub(super) fn secret_generated(child: &Child) -> Problem {
    Problem::new(Reason::Starting, format!("Secret {} was just created", child.name()))
}

/// Returns the problem of a child of an earlier stage that could not be applied.
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

/// Whether a workload that is scaled to zero must wait for those before it: consumers of new work stop first, and the writer stops
/// after it has stored everything.
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
