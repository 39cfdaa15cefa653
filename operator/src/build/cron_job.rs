//! The CronJob of the cleaner, which deletes old rows of both schemas.

use k8s_openapi::api::batch::v1::{CronJob, CronJobSpec, JobSpec, JobTemplateSpec};

use crate::{
    build::{metadata::metadata, pod, program::Program},
    model::{
        resources::{Child, Stage},
        validated::{Activity, Cleaner, ValidatedPipeline},
    },
};

/// Retries of a run within its Job. Later runs continue what one has not finished.
const RETRIES: i32 = 2;

/// The limit of a run; one that hangs fails.
const DEADLINE_SECONDS: i64 = 6 * 3600;

/// The delay up to which a run is started that could not be started in time, as when the control plane was unavailable.
const START_DEADLINE_SECONDS: i64 = 3600;

pub(super) fn children(pipeline: &ValidatedPipeline) -> Vec<Child> {
    let program = Program::cleaner(pipeline);
    pipeline
        .cleaner
        .iter()
        .zip(program)
        .map(|(cleaner, program)| child(pipeline, cleaner, &program))
        .collect()
}

fn child(pipeline: &ValidatedPipeline, cleaner: &Cleaner, program: &Program<'_>) -> Child {
    let job = JobSpec {
        template: pod::job_pod(pipeline, program, cleaner.resources.clone()),
        backoff_limit: Some(RETRIES),
        active_deadline_seconds: Some(DEADLINE_SECONDS),
        ..JobSpec::default()
    };
    let is_suspended = cleaner.is_suspended || pipeline.activity == Activity::Suspended;
    let spec = CronJobSpec {
        schedule: cleaner.schedule.clone(),
        time_zone: cleaner.time_zone.clone(),
        concurrency_policy: Some("Forbid".into()),
        starting_deadline_seconds: Some(START_DEADLINE_SECONDS),
        successful_jobs_history_limit: Some(1),
        failed_jobs_history_limit: Some(1),
        suspend: Some(is_suspended),
        job_template: JobTemplateSpec { metadata: None, spec: Some(job) },
    };
    let cron_job =
        CronJob { metadata: metadata(pipeline, program.role), spec: Some(spec), ..CronJob::default() };
    Child::new(None, Stage::Workloads, cron_job).with_missing(program.missing())
}
