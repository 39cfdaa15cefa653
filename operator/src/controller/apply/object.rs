//! A child as it is sent: with its owner and its fingerprint.

use ccx_crds::CcxPipeline;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::{Resource as _, core::DynamicObject};
use serde_json::Value;

use crate::{
    child::{ApplyMode, Child, Ownership},
    controller::{key::Key, record::APPLIED_HASH},
    digest::Digest,
};

/// A child that is ready to be sent.
pub(crate) struct Prepared<'a> {
    pub(crate) child: &'a Child,
    /// With owner reference and fingerprint.
    pub(crate) object: DynamicObject,
    /// The fingerprint.
    pub(crate) hash: String,
}

impl<'a> Prepared<'a> {
    pub(crate) fn new(child: &'a Child, pipeline: &CcxPipeline) -> Self {
        let mut object = child.object.clone();
        if child.ownership == Ownership::Owned {
            object.metadata.owner_references = owner(pipeline).map(|owner| vec![owner]);
        }
        let text = serde_json::to_vec(&object).expect("an object that was built from JSON is JSON");
        let hash = Digest::default().field(text).finish();
        object.metadata.annotations.get_or_insert_default().insert(APPLIED_HASH.into(), hash.clone());
        Self { child, object, hash }
    }

    /// What to apply over an existing object: of one that is created once, only what is not data.
    pub(crate) fn against(&self, live: &DynamicObject) -> DynamicObject {
        let mut desired = self.object.clone();
        if matches!(self.child.apply, ApplyMode::CreateOnce { .. }) {
            desired.data = Value::Object(serde_json::Map::new());
            // The type of a Secret is immutable, and required to be told.
            if let Some(kind) = live.data.get("type") {
                desired.data["type"] = kind.clone();
            }
        }
        desired
    }
}

fn owner(pipeline: &CcxPipeline) -> Option<OwnerReference> {
    let mut owner = pipeline.controller_owner_ref(&())?;
    owner.block_owner_deletion = Some(true);
    Some(owner)
}

/// Whether an object is one of this resource's: owned by it, or left by one of the same name.
pub(crate) fn is_ours(live: &DynamicObject, pipeline: &CcxPipeline) -> bool {
    is_owned(live, pipeline) || Key::of_child(&live.metadata) == Some(Key::of(pipeline))
}

/// Whether an object goes when this very resource goes.
pub(super) fn is_owned(live: &DynamicObject, pipeline: &CcxPipeline) -> bool {
    let mut owners = live.metadata.owner_references.iter().flatten();
    owners.any(|owner| Some(&owner.uid) == pipeline.metadata.uid.as_ref())
}

pub(super) fn applied_hash(live: &DynamicObject) -> Option<&str> {
    live.metadata.annotations.as_ref()?.get(APPLIED_HASH).map(String::as_str)
}

/// Whether a Job is done.
pub(crate) fn has_succeeded(job: &DynamicObject) -> bool {
    let conditions = job.data["status"]["conditions"].as_array();
    let is_complete = |condition: &Value| condition["type"] == "Complete" && condition["status"] == "True";
    conditions.into_iter().flatten().any(is_complete)
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::ConfigMap;
    use kube::core::ObjectMeta;

    use super::*;
    use crate::{child::Stage, component::labels, kind::Kind};

    fn pipeline(uid: &str) -> CcxPipeline {
        let mut pipeline = CcxPipeline::new("ccx", ccx_crds::CcxPipelineSpec::default());
        pipeline.metadata.namespace = Some("ns".into());
        pipeline.metadata.uid = Some(uid.into());
        pipeline
    }

    fn child() -> Child {
        let metadata = ObjectMeta {
            name: Some("a".into()),
            namespace: Some("ns".into()),
            labels: Some(labels("ccx", "data-pipeline")),
            ..ObjectMeta::default()
        };
        Child::new(Kind::ConfigMap, None, Stage::Foundation, &ConfigMap { metadata, ..ConfigMap::default() })
    }

    #[test]
    fn an_owned_child_has_its_resource_as_controller_and_a_retained_one_has_none() {
        let pipeline = pipeline("1");
        let (owned, retained) = (child(), child().with_ownership(Ownership::Retained));
        let owners = Prepared::new(&owned, &pipeline).object.metadata.owner_references.unwrap_or_default();
        assert_eq!((owners[0].kind.as_str(), owners[0].controller), ("CcxPipeline", Some(true)));
        assert_eq!(Prepared::new(&retained, &pipeline).object.metadata.owner_references, None);
    }

    #[test]
    fn the_fingerprint_is_of_all_that_is_sent() {
        let (pipeline, other, child) = (pipeline("1"), pipeline("2"), child());
        assert_eq!(Prepared::new(&child, &pipeline).hash, Prepared::new(&child, &pipeline).hash);
        assert_ne!(Prepared::new(&child, &pipeline).hash, Prepared::new(&child, &other).hash);
    }

    #[test]
    fn what_a_resource_of_the_same_name_left_is_ours_and_what_has_no_labels_is_not() {
        let pipeline = pipeline("2");
        let mut left = child().object;
        assert!(is_ours(&left, &pipeline));
        left.metadata.labels = None;
        assert!(!is_ours(&left, &pipeline));
        left.metadata.owner_references = owner(&pipeline).map(|owner| vec![owner]);
        assert!(is_ours(&left, &pipeline));
    }
}
