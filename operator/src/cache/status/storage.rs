//! Claims on storage.

use k8s_openapi::api::core::v1::PersistentVolumeClaimStatus;
use kube::core::DynamicObject;
use serde::Deserialize;

use crate::cache::partial_object::{Part, PartialObject};

/// A PersistentVolumeClaim, as far as it is decoded.
pub(crate) type PersistentVolumeClaim = PartialObject<DynamicObject, Class, PersistentVolumeClaimStatus>;

/// The part of a specification that says which class brings the volume.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Class {
    storage_class_name: Option<Box<str>>,
}

impl Part for Class {}
impl Part for PersistentVolumeClaimStatus {}

/// A claim on storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClaimState {
    /// Whether it has a volume.
    pub(crate) is_bound: bool,
    /// The class that should bring the volume; none is the cluster's default.
    pub(crate) class: Option<Box<str>>,
    /// What is wrong with growing it.
    pub(crate) resize_failure: Option<Box<str>>,
}

impl From<&PersistentVolumeClaim> for ClaimState {
    fn from(claim: &PersistentVolumeClaim) -> Self {
        let mut conditions = claim.status.conditions.iter().flatten();
        let failure = conditions
            .find(|condition| condition.type_.ends_with("ResizeError") && condition.status == "True");
        Self {
            is_bound: claim.status.phase.as_deref() == Some("Bound"),
            class: claim.spec.storage_class_name.clone(),
            resize_failure: failure.map(|condition| condition.message.as_deref().unwrap_or_default().into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_claim_says_whether_it_is_bound_and_why_it_does_not_grow() {
        let claim: PersistentVolumeClaim = serde_json::from_value(json!({
            "spec": {"storageClassName": "fast"},
            "status": {"phase": "Pending", "conditions": [
                {"type": "ControllerResizeError", "status": "True", "message": "the class does not allow it"}]}}))
        .unwrap();
        let expected = ClaimState {
            is_bound: false,
            class: Some("fast".into()),
            resize_failure: Some("the class does not allow it".into()),
        };
        assert_eq!(ClaimState::from(&claim), expected);
    }
}
