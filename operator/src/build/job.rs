//! Jobs that prepare the tables and the topics.
//!
//! What a Job does can't be changed, so each change makes a Job of another name: its name carries a fingerprint of all that its
//! result depends on, the image with its version of the tables and the Secrets included, but not of how it logs. It has no time to
//! live: that it is there and has succeeded is how we know that it need not run again.

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
        kind::Kind,
        resources::{Child, Stage},
        validated::ValidatedPipeline,
    },
};

/// How often a pod is tried again; with the waits between them about ten minutes.
const RETRIES: i32 = 6;

/// No migration of a table takes longer; what hangs is ended and shown.
const DEADLINE_SECONDS: i64 = 3600;

/// Digits of the fingerprint in a Job's name.
const NAME_DIGITS: usize = 10;

pub(super) fn children(pipeline: &ValidatedPipeline) -> Vec<Child> {
    Program::jobs(pipeline).iter().map(|program| child(pipeline, program)).collect()
}

fn child(pipeline: &ValidatedPipeline, program: &Program<'_>) -> Child {
    let template = pod::job_pod(pipeline, program, resources());
    let metadata = metadata(pipeline, program.role);
    let name =
        format!("{}-{}", metadata.name.unwrap_or_default(), fingerprint(program, &pipeline.jobs.reference));
    let spec = JobSpec {
        template,
        backoff_limit: Some(RETRIES),
        active_deadline_seconds: Some(DEADLINE_SECONDS),
        ..JobSpec::default()
    };
    let job =
        Job { metadata: ObjectMeta { name: Some(name), ..metadata }, spec: Some(spec), ..Job::default() };
    Child::new(Kind::Job, None, Stage::Migration, &job)
        .with_pods(None, &pipeline.jobs.reference)
        .with_missing(program.missing())
}

fn fingerprint(program: &Program<'_>, image: &str) -> String {
    let inputs = program.purpose();
    let digest = inputs.iter().fold(Digest::default().field(image), Digest::field);
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
