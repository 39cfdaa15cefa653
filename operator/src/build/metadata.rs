//! Metadata of children.

use kube::core::ObjectMeta;

use crate::model::{names, validated::ValidatedPipeline};

/// Returns the metadata of the object with this `role`: the name of a component, or the purpose of a Job.
pub(super) fn metadata(pipeline: &ValidatedPipeline, role: &str) -> ObjectMeta {
    let name = pipeline.name.as_str();
    ObjectMeta {
        name: Some(names::object_name(name, role)),
        namespace: Some(pipeline.namespace.clone()),
        labels: Some(names::labels(name, role)),
        ..ObjectMeta::default()
    }
}
