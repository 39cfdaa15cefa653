//! Issues of pods as problems of their workload or Job.

use k8s_openapi::jiff::Timestamp;

use crate::{
    cache::status::{PodIssue, PodIssueKind},
    model::{problem::Problem, reason::Reason},
};

/// The seconds for which an unmet expectation counts as progress: the progress deadline of Deployments.
pub(super) const PROGRESS_DEADLINE_SECONDS: i64 = 600;

/// Returns the most severe issue with the name of its pod: that of a process which can't start before that of
/// one which starts and fails.
pub(super) fn worst<'a>(
    issues: impl Iterator<Item = (&'a str, &'a PodIssue)>,
) -> Option<(&'a str, &'a PodIssue)> {
    issues.min_by_key(|(_, issue)| severity(issue.kind))
}

/// Returns the problem of a pod. One that waits for a node is in progress until the deadline.
pub(super) fn problem(pod: &str, issue: &PodIssue, now: Timestamp) -> Problem {
    let reason = match issue.kind {
        PodIssueKind::Unschedulable if !is_overdue(issue.since, now) => Reason::WaitingForNode,
        kind => reason(kind),
    };
    Problem::new(reason, format!("pod {pod}{}", describe(issue)))
}

/// Whether the deadline has passed. A time that is not known has.
pub(super) fn is_overdue(since: Option<Timestamp>, now: Timestamp) -> bool {
    since.is_none_or(|since| now.as_second() - since.as_second() >= PROGRESS_DEADLINE_SECONDS)
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

fn describe(issue: &PodIssue) -> String {
    match issue.kind {
        PodIssueKind::CrashLoop { exit_code } | PodIssueKind::Failed { exit_code } => {
            format!(" exited with code {exit_code}: {}", issue.message)
        }
        _ => format!(": {}", issue.message),
    }
}
