//! The parts of observed objects from which the status is derived.
//!
//! Whole objects are dropped after decoding, since a thousand resources have 25,000 children.

mod controller_report;
mod cron_job;
mod pod;
mod rollout;
mod storage;

use k8s_openapi::jiff::Timestamp;
use kube::core::ObjectMeta;

use crate::model::annotations;

pub(crate) use controller_report::{Acceptance, Autoscaler, ControllerReport, HttpRoute, Ingress, Route};
pub(crate) use cron_job::{CronJob, CronJobState, LastRun};
pub(crate) use pod::{Pod, PodIssue, PodIssueKind, PodState};
pub(crate) use rollout::{Deployment, Job, JobProgress, JobState, Rollout, StatefulSet};
pub(crate) use storage::{ClaimState, PersistentVolumeClaim};

/// The observed status of one child.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum ChildStatus {
    /// Only its existence is reported.
    #[default]
    None,
    /// A Deployment or StatefulSet.
    Rollout(Box<Rollout>),
    /// A Job.
    Job(Box<JobProgress>),
    /// A CronJob.
    CronJob(Box<CronJobState>),
    /// A PersistentVolumeClaim.
    Claim(Box<ClaimState>),
    /// A Secret with a generated certificate, and the time of its next renewal.
    Certificate(Box<Timestamp>),
    /// An autoscaler or an exposure.
    Controller(Box<ControllerReport>),
}

impl ChildStatus {
    /// Returns the part of the status that is in annotations.
    pub(crate) fn from_annotations(metadata: &ObjectMeta) -> Self {
        let renewals = annotations::renewals(metadata.annotations.as_ref());
        renewals.map_or(Self::None, |(certificate, authority)| {
            Self::Certificate(Box::new(certificate.min(authority)))
        })
    }

    /// Marks the status as outdated by a change that its controller can't have observed yet.
    pub(crate) fn outdated(self) -> Self {
        match self {
            Self::Rollout(rollout) => Self::Rollout(Box::new(Rollout { is_observed: false, ..*rollout })),
            other => other,
        }
    }
}
