//! Names and labels.

use kube::core::ObjectMeta;

use crate::model::{names, validated::ValidatedPipeline};

/// The metadata of the object of `role`: a component's name, or what a Job does.
pub(super) fn metadata(pipeline: &ValidatedPipeline, role: &str) -> ObjectMeta {
    let name = pipeline.name.as_str();
    ObjectMeta {
        name: Some(names::object_name(name, role)),
        namespace: Some(pipeline.namespace.clone()),
        labels: Some(names::labels(name, role)),
        ..ObjectMeta::default()
    }
}
