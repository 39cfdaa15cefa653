//! A ServiceAccount per role, without permissions of the operator. Only pods that review tokens have a token.

use k8s_openapi::api::core::v1::ServiceAccount;

use crate::{
    build::metadata::metadata,
    model::{
        component::{CLEANER, Component, MIGRATION, TOPICS},
        resources::{Child, Stage},
        validated::ValidatedPipeline,
    },
};

pub(super) fn children(pipeline: &ValidatedPipeline) -> Vec<Child> {
    let mut roles: Vec<_> = pipeline.workloads().map(Component::name).chain([MIGRATION]).collect();
    if pipeline.topics.is_some() {
        roles.push(TOPICS);
    }
    if pipeline.cleaner.is_some() {
        roles.push(CLEANER);
    }
    roles.into_iter().map(|role| child(pipeline, role)).collect()
}

fn child(pipeline: &ValidatedPipeline, role: &str) -> Child {
    let component = Component::from_name(role);
    Child::new(component, Stage::Foundation, service_account(pipeline, role))
}

/// Returns the ServiceAccount of a role. Only the pipeline and uploads have a cloud identity: no other component uses
/// the object storage.
pub(super) fn service_account(pipeline: &ValidatedPipeline, role: &str) -> ServiceAccount {
    let mut metadata = metadata(pipeline, role);
    let uses_storage = [Component::DataPipeline, Component::Ingress].iter().any(|it| it.name() == role);
    if uses_storage && !pipeline.data_pipeline.identity.is_empty() {
        metadata.annotations = Some(pipeline.data_pipeline.identity.clone());
    }
    ServiceAccount { metadata, automount_service_account_token: Some(false), ..ServiceAccount::default() }
}
