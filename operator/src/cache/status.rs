//! What the operator keeps of the objects that it watches: only what status is derived from.
//!
//! Whole objects are read from the watch, turned into facts and dropped, since a thousand resources have 25,000 children.

mod pod;
mod rollout;
mod storage;

pub(crate) use pod::{Pod, PodIssue, PodIssueKind, PodState};
pub(crate) use rollout::{Deployment, Job, JobProgress, JobState, Rollout, StatefulSet};
pub(crate) use storage::{ClaimState, PersistentVolumeClaim};

/// The facts of one child.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum ChildStatus {
    /// Its existence is all that matters.
    #[default]
    None,
    /// A Deployment or StatefulSet.
    Rollout(Box<Rollout>),
    /// A Job.
    Job(Box<JobProgress>),
    /// A PersistentVolumeClaim.
    Claim(Box<ClaimState>),
}

impl ChildStatus {
    /// The same after a change that its controller can't have seen yet: what it said is about what was before.
    pub(crate) fn outdated(self) -> Self {
        match self {
            Self::Rollout(rollout) => Self::Rollout(Box::new(Rollout { is_observed: false, ..*rollout })),
            other => other,
        }
    }
}
