//! The Secret of the Advisor page: a random text that protects its forms and sessions, the same for all pods.

use k8s_openapi::api::core::v1::Secret;

use crate::{
    build::metadata::metadata,
    model::{
        component::{Component, PAGE},
        mount_paths::file,
        resources::{Child, Generate, Stage},
        validated::ValidatedPipeline,
    },
};

pub(super) fn children(pipeline: &ValidatedPipeline) -> Vec<Child> {
    let is_wanted = pipeline.public_api.as_ref().is_some_and(|api| api.has_generated_secret);
    is_wanted.then(|| secret(pipeline)).into_iter().collect()
}

/// Returns the Secret, whose role is not that of the pods: they run without it if the operator may not create it.
fn secret(pipeline: &ValidatedPipeline) -> Child {
    let secret =
        Secret { metadata: metadata(pipeline, PAGE), type_: Some("Opaque".into()), ..Secret::default() };
    let generate = Generate::Passwords(vec![file::SECRET.into()]);
    Child::generated_secret(Component::SmartProxy, Stage::Foundation, secret, generate)
}
