//! The database and its tables.

use super::{DatabaseKeeper, JobView, Observation, Stance, Verdict, workload};
use crate::{
    component::{Component, MIGRATION},
    controller::facts::{JobFacts, JobState},
    reason::Reason,
};

pub(super) fn ready(observation: &Observation) -> Verdict {
    match observation.database {
        DatabaseKeeper::Operator => managed(observation),
        DatabaseKeeper::SomebodyElse => external(observation),
    }
}

fn managed(observation: &Observation) -> Verdict {
    // It keeps running when all else is suspended.
    let observation = Observation { stance: Stance::Active, ..observation.clone() };
    let is_ready = observation.view.ready(Component::Database) > 0;
    for (name, claim) in &observation.view.claims {
        if let Some(message) = &claim.resize_failure {
            return Verdict::no(
                Reason::StorageResizeFailed,
                format!("the volume of {name} does not grow: {message}"),
            );
        }
        if !claim.is_bound && !is_ready {
            let class = claim
                .class
                .as_deref()
                .map_or("the default storage class".into(), |class| format!("storage class {class}"));
            return Verdict::no(Reason::StoragePending, format!("{name} has no volume yet from {class}"));
        }
    }
    workload::ready(&observation, Component::Database)
}

/// Those who use it tell.
fn external(observation: &Observation) -> Verdict {
    let mut lacks = observation.answers.lacks.values().flatten();
    if let Some(lack) = lacks.find(|lack| lack.name == "database") {
        return Verdict::no(Reason::DatabaseUnreachable, lack.reason.clone());
    }
    let is_used =
        [Component::DbWriter, Component::Aggregator].iter().any(|user| observation.view.ready(*user) > 0);
    if is_used {
        Verdict::yes(Reason::AsExpected, "the pods that use the database are ready")
    } else {
        Verdict::unknown(Reason::NotObserved, "no pod that uses the database is ready")
    }
}

pub(super) fn migrated(observation: &Observation) -> Verdict {
    match observation.view.jobs.iter().find(|job| job.role == MIGRATION) {
        Some(job) => of_job(job, Reason::MigrationFailed, observation),
        None => Verdict::unknown(Reason::NotObserved, "it is not known which tables are needed"),
    }
}

/// How a Job stands, whose failure has the reason `failure`.
pub(super) fn of_job(job: &JobView, failure: Reason, observation: &Observation) -> Verdict {
    let name = &job.name;
    let words = job.last_words.as_deref().map(|words| format!(": {words}")).unwrap_or_default();
    match &job.facts {
        None => not_begun(job, observation),
        Some(JobFacts { state: JobState::Succeeded, .. }) => {
            Verdict::yes(Reason::AsExpected, format!("the Job {name} has succeeded"))
        }
        Some(JobFacts { state: JobState::Failed(why), .. }) => {
            Verdict::no(failure, format!("the Job {name} has failed ({why}){words}"))
        }
        Some(JobFacts { failures: 0, .. }) => {
            Verdict::no(Reason::MigrationRunning, format!("the Job {name} runs{words}"))
        }
        Some(JobFacts { failures, .. }) => Verdict::no(
            failure,
            format!("the Job {name} has failed {failures} times and is tried again{words}"),
        ),
    }
}

fn not_begun(job: &JobView, observation: &Observation) -> Verdict {
    if let Some(missing) = &job.missing {
        // What is there may have been prepared already, by a Job that had it.
        return Verdict::unknown(missing.reason, missing.message.clone());
    }
    if let Some(problem) = observation.problems.first() {
        return Verdict::no(problem.reason, problem.message.clone());
    }
    match &observation.waiting {
        Some(waiting) => Verdict::no(waiting.reason, waiting.message.clone()),
        None => Verdict::no(Reason::Waiting, format!("the Job {} does not exist yet", job.name)),
    }
}
