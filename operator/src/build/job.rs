//! Jobs that migrate the schema and create the topics.
//!
//! The pod template of a Job is immutable, so each change creates a Job with another name: its name contains
//! a digest of everything that its result depends on, such as image and Secrets, but not its logging. It has
//! no TTL. The status keeps the success of a migration whose object was deleted.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::{
        batch::v1::{Job, JobSpec},
        core::v1::ResourceRequirements,
    },
    apimachinery::pkg::api::resource::Quantity,
};
use kube::core::ObjectMeta;

use crate::{
    build::{metadata::metadata, pod, program::Program},
    model::{
        digest::Digest,
        names,
        resources::{Child, Stage},
        validated::ValidatedPipeline,
    },
};

/// Retries of a pod: about ten minutes with the backoff.
const RETRIES: i32 = 6;

/// The limit of a migration; a Job that hangs fails.
const DEADLINE_SECONDS: i64 = 3600;

/// Digits of the digest in a name.
pub(super) const NAME_DIGITS: usize = 10;

pub(super) fn children(pipeline: &ValidatedPipeline) -> Vec<Child> {
    Program::jobs(pipeline).iter().map(|program| child(pipeline, program)).collect()
}

fn child(pipeline: &ValidatedPipeline, program: &Program<'_>) -> Child {
    let template = pod::job_pod(pipeline, program, resources());
    let metadata = metadata(pipeline, program.role);
    let spec = JobSpec {
        template,
        backoff_limit: Some(RETRIES),
        active_deadline_seconds: Some(DEADLINE_SECONDS),
        ..JobSpec::default()
    };
    let job = Job {
        metadata: ObjectMeta { name: Some(name(pipeline, program)), ..metadata },
        spec: Some(spec),
        ..Job::default()
    };
    Child::new(None, Stage::Migration, job).with_missing(program.missing())
}

/// Returns the name of a Job.
pub(super) fn name(pipeline: &ValidatedPipeline, program: &Program<'_>) -> String {
    let digest = fingerprint(program, &pipeline.jobs.reference, pipeline.job_run.as_deref());
    format!("{}-{digest}", names::object_name(pipeline.name.as_str(), program.role))
}

fn fingerprint(program: &Program<'_>, image: &str, run: Option<&str>) -> String {
    let inputs = program.purpose().into_iter().chain(run.map(str::to_owned));
    let digest = inputs.fold(Digest::default().field(image), Digest::field);
    digest.finish().chars().take(NAME_DIGITS).collect()
}

fn resources() -> ResourceRequirements {
    let quantities = |list: &[(&str, &str)]| -> BTreeMap<String, Quantity> {
        list.iter().map(|(name, value)| ((*name).to_owned(), Quantity((*value).to_owned()))).collect()
    };
    ResourceRequirements {
        requests: Some(quantities(&[("cpu", "50m"), ("memory", "64Mi")])),
        limits: Some(quantities(&[("memory", "256Mi")])),
        claims: None,
    }
}
