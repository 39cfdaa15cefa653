//! The configuration files of all processes.

use k8s_openapi::api::core::v1::ConfigMap;

use crate::{
    build::{metadata::metadata, program::Program},
    model::{
        component::Component,
        mount_paths::{AUTHORITIES, file},
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

fn child(pipeline: &ValidatedPipeline, program: &Program<'_>) -> Child {
    let config_map = ConfigMap {
        metadata: metadata(pipeline, program.role),
        data: Some([(FILE.to_owned(), program.config_file())].into()),
        ..ConfigMap::default()
    };
    // Pods that can't be updated yet may restart, and must find their present configuration.
    Child::new(Component::from_name(program.role), Stage::Foundation, config_map)
        .with_missing(program.missing())
}
