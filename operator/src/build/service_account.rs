//! A ServiceAccount per role, without permissions and without a token in its pods.

use k8s_openapi::api::core::v1::ServiceAccount;

use crate::{
    build::metadata::metadata,
    model::{
        component::{Component, MIGRATION, TOPICS},
        kind::Kind,
        resources::{Child, Stage},
        validated::ValidatedPipeline,
    },
};

pub(super) fn children(pipeline: &ValidatedPipeline) -> Vec<Child> {
    let mut roles = vec![
        Component::DataPipeline.name(),
        Component::DbWriter.name(),
        Component::Aggregator.name(),
        MIGRATION,
    ];
    if pipeline.topics.is_some() {
        roles.push(TOPICS);
    }
    roles.into_iter().map(|role| child(pipeline, role)).collect()
}

fn child(pipeline: &ValidatedPipeline, role: &str) -> Child {
    let component = Component::from_name(role);
    Child::new(Kind::ServiceAccount, component, Stage::Foundation, &service_account(pipeline, role))
}

/// Returns the ServiceAccount of a role. Only the pipeline has a cloud identity: no other component reads the
/// object storage.
pub(super) fn service_account(pipeline: &ValidatedPipeline, role: &str) -> ServiceAccount {
    let mut metadata = metadata(pipeline, role);
    if role == Component::DataPipeline.name() && !pipeline.data_pipeline.identity.is_empty() {
        metadata.annotations = Some(pipeline.data_pipeline.identity.clone());
    }
    ServiceAccount { metadata, automount_service_account_token: Some(false), ..ServiceAccount::default() }
}
