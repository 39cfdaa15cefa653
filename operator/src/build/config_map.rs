//! The configuration files of all processes.

use k8s_openapi::api::core::v1::ConfigMap;
use kube::core::ObjectMeta;

use crate::{
    build::{job, job::NAME_DIGITS, metadata::metadata, program::Program},
    model::{
        component::{Component, MIGRATION, TOPICS},
        digest::Digest,
        mount_paths::{AUTHORITIES, file},
        names,
        resources::{Child, Stage},
        validated::ValidatedPipeline,
    },
};

/// The name of the file, in the ConfigMap and in pods.
pub(super) const FILE: &str = "ccx.toml";

pub(super) fn children(pipeline: &ValidatedPipeline) -> Vec<Child> {
    let files = Program::all(pipeline);
    files.iter().map(|program| child(pipeline, program)).chain(authorities(pipeline)).collect()
}

/// Returns the CA certificates in the status of a Kafka of Strimzi, which pods read as a file.
fn authorities(pipeline: &ValidatedPipeline) -> Option<Child> {
    let text = pipeline.kafka.authorities.clone()?;
    let config_map = ConfigMap {
        metadata: metadata(pipeline, AUTHORITIES),
        data: Some([(file::CA.to_owned(), text)].into()),
        ..ConfigMap::default()
    };
    Some(Child::new(None, Stage::Foundation, config_map))
}

/// Returns the name of the configuration of a process. It has a digest of the content, so that pods of an older
/// template keep their configuration until they are replaced; that of a Job is named like the Job.
pub(super) fn name(pipeline: &ValidatedPipeline, program: &Program<'_>) -> String {
    if matches!(program.role, MIGRATION | TOPICS) {
        return job::name(pipeline, program);
    }
    let digest = Digest::default().field(program.config_file()).finish();
    let name = names::object_name(pipeline.name.as_str(), program.role);
    format!("{name}-{}", &digest[..NAME_DIGITS])
}

fn child(pipeline: &ValidatedPipeline, program: &Program<'_>) -> Child {
    let metadata = metadata(pipeline, program.role);
    let config_map = ConfigMap {
        metadata: ObjectMeta { name: Some(name(pipeline, program)), ..metadata },
        data: Some([(FILE.to_owned(), program.config_file())].into()),
        ..ConfigMap::default()
    };
    // Pods that can't be updated yet may restart, and must find their present configuration.
    Child::new(Component::from_name(program.role), Stage::Foundation, config_map)
        .with_missing(program.missing())
}
