//! The database and its tables.

use ccx_crds::DatabaseType;

use super::{ConditionStatus, JobView, Observation, ReconcileMode, workload};
use crate::{
    cache::status::{JobProgress, JobState},
    model::{
        component::{Component, MIGRATION},
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
    // It keeps running when all else is suspended.
    let observation = Observation { mode: ReconcileMode::Active, ..observation.clone() };
    let is_ready = observation.state.ready(Component::Database) > 0;
    for (name, claim) in &observation.state.claims {
        if let Some(message) = &claim.resize_failure {
            return ConditionStatus::not_met(
                Reason::StorageResizeFailed,
                format!("the volume of {name} does not grow: {message}"),
            );
        }
        if !claim.is_bound && !is_ready {
            let class = claim
                .class
                .as_deref()
                .map_or("the default storage class".into(), |class| format!("storage class {class}"));
            return ConditionStatus::not_met(
                Reason::StoragePending,
                format!("{name} has no volume yet from {class}"),
            );
        }
    }
    workload::ready(&observation, Component::Database)
}

/// Those who use it tell.
fn external(observation: &Observation) -> ConditionStatus {
    let mut unmet = observation.probed.unmet.values().flatten();
    if let Some(dependency) = unmet.find(|dependency| dependency.name == "database") {
        return ConditionStatus::not_met(Reason::DatabaseUnreachable, dependency.reason.clone());
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
        Some(job) => of_job(job, Reason::MigrationFailed, observation),
        None => ConditionStatus::unknown(Reason::NotObserved, "it is not known which tables are needed"),
    }
}

/// How a Job stands, whose failure has the reason `failure`.
pub(super) fn of_job(job: &JobView, failure: Reason, observation: &Observation) -> ConditionStatus {
    let name = &job.name;
    let words = job.last_words.as_deref().map(|words| format!(": {words}")).unwrap_or_default();
    match &job.progress {
        None => not_begun(job, observation),
        Some(JobProgress { state: JobState::Succeeded, .. }) => {
            ConditionStatus::met(Reason::AsExpected, format!("the Job {name} has succeeded"))
        }
        Some(JobProgress { state: JobState::Failed(why), .. }) => {
            ConditionStatus::not_met(failure, format!("the Job {name} has failed ({why}){words}"))
        }
        Some(JobProgress { failures: 0, .. }) => {
            ConditionStatus::not_met(Reason::MigrationRunning, format!("the Job {name} runs{words}"))
        }
        Some(JobProgress { failures, .. }) => ConditionStatus::not_met(
            failure,
            format!("the Job {name} has failed {failures} times and is tried again{words}"),
        ),
    }
}

fn not_begun(job: &JobView, observation: &Observation) -> ConditionStatus {
    if let Some(missing) = &job.missing {
        // What is there may have been prepared already, by a Job that had it.
        return ConditionStatus::unknown(missing.reason, missing.message.clone());
    }
    if let Some(problem) = observation.errors.first() {
        return ConditionStatus::not_met(problem.reason, problem.message.clone());
    }
    match &observation.waiting {
        Some(waiting) => ConditionStatus::not_met(waiting.reason, waiting.message.clone()),
        None => ConditionStatus::not_met(Reason::Waiting, format!("the Job {} does not exist yet", job.name)),
    }
}
