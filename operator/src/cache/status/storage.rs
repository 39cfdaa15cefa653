//! Claims of persistent volumes.

use k8s_openapi::api::core::v1::PersistentVolumeClaimStatus;
use kube::core::DynamicObject;
use serde::Deserialize;

use crate::cache::partial_object::{Part, PartialObject};

/// The decoded parts of a PersistentVolumeClaim.
pub(crate) type PersistentVolumeClaim = PartialObject<DynamicObject, Class, PersistentVolumeClaimStatus>;

/// The storage class of a spec.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Class {
    storage_class_name: Option<Box<str>>,
}

impl Part for Class {}
impl Part for PersistentVolumeClaimStatus {}

/// The state of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClaimState {
    /// Whether it is bound to a volume.
    pub(crate) is_bound: bool,
    /// The storage class; the default of the cluster when absent.
    pub(crate) class: Option<Box<str>>,
    /// The reason for which it can't be expanded.
    pub(crate) resize_failure: Option<Box<str>>,
    /// Its file system grows when the pod is restarted.
    pub(crate) is_resize_pending: bool,
}

impl From<&PersistentVolumeClaim> for ClaimState {
    fn from(claim: &PersistentVolumeClaim) -> Self {
        let conditions = || claim.status.conditions.iter().flatten();
        let is_true = |name: &str| conditions().any(|it| it.type_ == name && it.status == "True");
        let failure = conditions()
            .find(|condition| condition.type_.ends_with("ResizeError") && condition.status == "True");
        Self {
            is_bound: claim.status.phase.as_deref() == Some("Bound"),
            class: claim.spec.storage_class_name.clone(),
            is_resize_pending: is_true("FileSystemResizePending"),
            resize_failure: failure.map(|condition| condition.message.as_deref().unwrap_or_default().into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn claim_has_phase_class_and_resize_failure() {
        let claim: PersistentVolumeClaim = serde_json::from_value(json!({
            "spec": {"storageClassName": "fast"},
            "status": {"phase": "Pending", "conditions": [
                {"type": "ControllerResizeError", "status": "True", "message": "the class does not allow it"},
                {"type": "FileSystemResizePending", "status": "True"}]}}))
        .unwrap();
        let expected = ClaimState {
            is_bound: false,
            class: Some("fast".into()),
            resize_failure: Some("the class does not allow it".into()),
            is_resize_pending: true,
        };
        assert_eq!(ClaimState::from(&claim), expected);
    }
}
