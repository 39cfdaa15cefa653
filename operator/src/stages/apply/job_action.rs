//! The action on a Job beyond applying it. Pure.

use k8s_openapi::jiff::Timestamp;

use crate::{
    cache::{
        PipelineObjects,
        status::{ChildStatus, JobState},
    },
    model::{job_history::JobHistory, kind::Kind, resources::Child},
};

/// The action on a Job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JobAction {
    /// It is applied like every child.
    Apply,
    /// It has succeeded, and its object was deleted: it is not created again.
    Keep,
    /// It has failed, and the pause has passed, or the storage that it migrated is lost.
    Repeat,
}

pub(super) fn job_action(
    child: &Child,
    objects: &PipelineObjects,
    history: &JobHistory,
    now: Timestamp,
) -> JobAction {
    if child.kind() != Kind::Job {
        return JobAction::Apply;
    }
    let name = child.name();
    match objects.status(child.kind(), name) {
        None if history.has_succeeded(child.role(), name) => JobAction::Keep,
        Some(ChildStatus::Job(progress)) => match (&progress.state, progress.failed_at) {
            (JobState::Failed(_), Some(failed_at)) if history.retry(name, failed_at).0 <= now => {
                JobAction::Repeat
            }
            (JobState::Succeeded, _) if history.is_of_lost_storage(child.role(), name) => JobAction::Repeat,
            _ => JobAction::Apply,
        },
        _ => JobAction::Apply,
    }
}
