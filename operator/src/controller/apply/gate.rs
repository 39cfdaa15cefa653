//! The gates between the stages, and the order of suspension. Pure.

use ccx_service::error_chain;

use super::ApplyError;
use crate::{
    child::{Child, Children, Stage},
    component::Component,
    controller::{
        facts::{Facts, JobState, Rollout},
        observed::Family,
    },
    kind::Kind,
    reason::Reason,
};

/// What the next stage waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) reason: Reason,
    /// A sentence that names the object.
    pub(crate) message: String,
}

/// What must still happen before the stage after `stage` is applied. A Job that lacks something is not awaited: it may never run, and
/// those who need the same wait by themselves.
pub(super) fn closed(stage: Stage, children: &Children, family: &Family) -> Option<Waiting> {
    match stage {
        Stage::Database => children.stage(stage).find_map(|child| database_is_awaited(child, family)),
        Stage::Migration => children
            .stage(stage)
            .filter(|job| job.missing.is_empty())
            .find_map(|child| job_is_awaited(child, family)),
        Stage::Foundation | Stage::Workloads | Stage::Exposure | Stage::Monitoring => None,
    }
}

/// A Secret was made up just now: what depends on it is built anew first, so that its fingerprint is right from the start.
pub(super) fn made_up(child: &Child) -> Waiting {
    Waiting { reason: Reason::Starting, message: format!("the Secret {} was made just now", child.name()) }
}

/// A child of an earlier stage could not be applied.
pub(super) fn failed(error: &ApplyError) -> Waiting {
    Waiting { reason: error.reason(), message: error_chain(error) }
}

fn database_is_awaited(child: &Child, family: &Family) -> Option<Waiting> {
    if child.kind != Kind::StatefulSet {
        return None;
    }
    let is_ready = rollout(child, family).is_some_and(|rollout| rollout.is_observed && rollout.ready > 0);
    let message = format!("the database's StatefulSet {} has no ready pod yet", child.name());
    (!is_ready).then_some(Waiting { reason: Reason::Waiting, message })
}

fn job_is_awaited(child: &Child, family: &Family) -> Option<Waiting> {
    if child.kind != Kind::Job {
        return None;
    }
    match family.facts(child.kind, child.name()) {
        Some(Facts::Job(job)) if job.state == JobState::Succeeded => None,
        _ => Some(Waiting {
            reason: Reason::Waiting,
            message: format!("the Job {} has not succeeded yet", child.name()),
        }),
    }
}

/// Whether a workload that is to have no pods must keep them until those before it have none: who takes in new work stops first,
/// and who stores it stops after it has stored all.
pub(super) fn must_wait_for_suspension(child: &Child, children: &Children, family: &Family) -> bool {
    let (Some(component), Kind::Deployment) = (child.component, child.kind) else { return false };
    if !is_scaled_to_zero(child) {
        return false;
    }
    let before = Component::ALL.into_iter().take_while(|other| *other != component);
    before
        .filter_map(|other| children.workload(other))
        .any(|other| rollout(other, family).is_some_and(|it| !it.is_gone()))
}

fn is_scaled_to_zero(child: &Child) -> bool {
    child.object.data["spec"]["replicas"] == 0
}

fn rollout<'a>(child: &Child, family: &'a Family) -> Option<&'a Rollout> {
    match family.facts(child.kind, child.name())? {
        Facts::Rollout(rollout) => Some(rollout),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
