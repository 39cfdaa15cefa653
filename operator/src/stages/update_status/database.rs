//! The database and its schema.

use ccx_crds::DatabaseType;
use ccx_service::Dependency;
use k8s_openapi::jiff::Timestamp;

use super::{ConditionStatus, ConditionValue, JobView, Observation, ReconcileMode, pod_issue, workload};
use crate::{
    cache::status::{JobProgress, JobState, PodIssueKind},
    model::{
        component::{Component, MIGRATION},
        problem::Problem,
        reason::Reason,
    },
};

pub(super) fn ready(observation: &Observation) -> ConditionStatus {
    match observation.database {
        DatabaseType::Managed => managed(observation),
        DatabaseType::External => external(observation),
    }
}

fn managed(observation: &Observation) -> ConditionStatus {
    // The database keeps running while the workloads are suspended.
    let observation = Observation { mode: ReconcileMode::Active, ..observation.clone() };
    let is_ready = observation.state.ready(Component::Database) > 0;
    let rollout = observation.state.workload(Component::Database).and_then(|it| it.rollout.as_ref());
    if rollout.is_some_and(|rollout| rollout.refused.is_some()) {
        // The volume may wait for the pod.
        return workload::ready(&observation, Component::Database);
    }
    // The API server refuses to resize a claim of some classes.
    if let Some(problem) = observation.errors.iter().find(|it| it.reason == Reason::StorageResizeFailed) {
        return ConditionStatus::not_met_by(problem);
    }
    for (name, claim) in &observation.state.claims {
        if let Some(message) = &claim.resize_failure {
            let message = format!("the volume of {name} can't be expanded: {message}");
            return ConditionStatus::not_met(Reason::StorageResizeFailed, message);
        }
        if let Some(cause) =
            observation.state.unprovisioned.get(name).filter(|_| !claim.is_bound && !is_ready)
        {
            let message = format!("no volume can be provisioned for {name}: {cause}");
            return ConditionStatus::not_met(Reason::ProvisioningFailed, message);
        }
        if !claim.is_bound && !is_ready {
            let class = claim
                .class
                .as_deref()
                .map_or("the default storage class".into(), |class| format!("storage class {class}"));
            let message = format!("{name} waits for a volume of {class}");
            return ConditionStatus::not_met(Reason::StoragePending, message);
        }
    }
    let status = workload::ready(&observation, Component::Database);
    let is_resize_pending = observation.state.claims.iter().any(|(_, claim)| claim.is_resize_pending);
    if is_resize_pending && status.value == ConditionValue::True {
        let message =
            format!("{}; its file system grows when the pod is deleted and recreated", status.cause.message);
        return ConditionStatus::met(Reason::StorageResizePending, message);
    }
    status
}

/// The pods that use an external database report its state.
fn external(observation: &Observation) -> ConditionStatus {
    let mut unmet = observation.probed.unmet.values().flatten();
    if let Some(unmet) = unmet.find(|unmet| unmet.name == Dependency::DATABASE && !unmet.connecting) {
        let cause = unmet.cause.as_deref().unwrap_or("not ready");
        return ConditionStatus::not_met(Reason::DatabaseUnreachable, cause);
    }
    let is_used =
        [Component::DbWriter, Component::Aggregator].iter().any(|user| observation.state.ready(*user) > 0);
    if is_used {
        ConditionStatus::met(Reason::AsExpected, "the pods that use the database are ready")
    } else {
        ConditionStatus::unknown(Reason::NotObserved, "no pod that uses the database is ready")
    }
}

pub(super) fn migrated(observation: &Observation) -> ConditionStatus {
    match observation.state.jobs.iter().find(|job| job.role == MIGRATION) {
        Some(job) => job_status(job, Reason::MigrationFailed, observation),
        None => ConditionStatus::unknown(Reason::NotObserved, "the required schema version is not known"),
    }
}

/// Returns the status of a Job; `failure` is the reason when it fails.
pub(super) fn job_status(job: &JobView, failure: Reason, observation: &Observation) -> ConditionStatus {
    let name = &job.name;
    let output = job.issue.as_ref().map(|(_, issue)| format!(": {}", issue.message)).unwrap_or_default();
    match &job.progress {
        None if job.is_remembered => {
            ConditionStatus::met(Reason::AsExpected, format!("Job {name} has succeeded and was deleted"))
        }
        None => not_created(job, observation),
        Some(JobProgress { state: JobState::Succeeded, .. }) => {
            ConditionStatus::met(Reason::AsExpected, format!("Job {name} has succeeded"))
        }
        Some(JobProgress { state: JobState::Failed(why), .. }) => {
            ConditionStatus::not_met(failure, format!("Job {name} has failed ({why}){output}{}", retry(job)))
        }
        Some(JobProgress { failures: 0, .. }) if job.refused.is_some() => {
            let message = job.refused.as_deref().unwrap_or_default();
            let message = format!("the pod of Job {name} can't be created: {message}");
            ConditionStatus::not_met(workload::refusal(&message), message)
        }
        Some(JobProgress { failures: 0, .. }) => running(job, observation),
        Some(JobProgress { failures, .. }) => ConditionStatus::not_met(
            failure,
            format!("Job {name} has failed {failures} times and is retried{output}"),
        ),
    }
}

/// Returns when a failed Job is repeated. The time is absolute, so that the message does not change.
fn retry(job: &JobView) -> String {
    let at = |(at, failures): (Timestamp, u32)| format!("; failure {failures}, repeated at {at:.0}");
    job.retry.map(at).unwrap_or_default()
}

/// A Job is not running while its pod can't start.
fn running(job: &JobView, observation: &Observation) -> ConditionStatus {
    let name = &job.name;
    let issue = job.issue.as_ref().filter(|(_, issue)| issue.kind != PodIssueKind::NotReady);
    match issue {
        Some((pod, issue)) => {
            let Problem { reason, message } = pod_issue::problem(pod, issue, observation.now);
            ConditionStatus::not_met(reason, format!("Job {name} is not running: {message}"))
        }
        None => ConditionStatus::not_met(Reason::MigrationRunning, format!("Job {name} is running")),
    }
}

fn not_created(job: &JobView, observation: &Observation) -> ConditionStatus {
    if let Some(missing) = &job.missing {
        // An earlier Job may have succeeded.
        return ConditionStatus::unknown(missing.reason, missing.message.clone());
    }
    match job.held.as_ref().or(observation.errors.first()).or(observation.waiting.as_ref()) {
        Some(cause) => ConditionStatus::not_met_by(cause),
        None => ConditionStatus::not_met(Reason::Waiting, format!("Job {} does not exist yet", job.name)),
    }
}
