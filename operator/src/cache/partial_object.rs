//! Decodes only the parts of an object that are kept.
//!
//! A page of whole objects takes a hundred times the memory of the entries that are kept of them.

use std::{borrow::Cow, collections::BTreeMap, marker::PhantomData};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{OwnerReference, Time};
use kube::{
    Resource,
    core::{DynamicObject, DynamicResourceScope, ObjectMeta},
};
use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};

use crate::{cache::managed_fields::ManagedFields, model::hash64::Hash64};

/// An object of the kind of `K`: its metadata, and the parts of spec and status that `Spec` and `Status`
/// decode.
#[derive(Debug, Deserialize)]
#[serde(from = "Wire<Spec, Status>", bound(deserialize = "Spec: Part, Status: Part"))]
pub(crate) struct PartialObject<K = DynamicObject, Spec = IgnoredAny, Status = IgnoredAny> {
    /// The fields that [`WireMetadata`] names.
    pub(crate) metadata: ObjectMeta,
    /// The hash of the fields that we own, if any.
    pub(crate) ownership: Option<Hash64>,
    /// The decoded parts of the desired state.
    pub(crate) spec: Spec,
    /// The decoded parts of the observed state.
    pub(crate) status: Status,
    kind: PhantomData<fn() -> K>,
}

/// A part of an object beside its metadata.
pub(crate) trait Part: Default + DeserializeOwned {
    /// Whether anything is decoded. If not, only metadata is requested from the API server.
    const IS_WANTED: bool = true;
}

impl Part for IgnoredAny {
    const IS_WANTED: bool = false;
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "Spec: Part, Status: Part"))]
struct Wire<Spec, Status> {
    #[serde(default)]
    metadata: WireMetadata,
    #[serde(default)]
    spec: Spec,
    #[serde(default)]
    status: Status,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireMetadata {
    name: Option<String>,
    namespace: Option<String>,
    uid: Option<String>,
    resource_version: Option<String>,
    generation: Option<i64>,
    labels: Option<BTreeMap<String, String>>,
    annotations: Option<BTreeMap<String, String>>,
    finalizers: Option<Vec<String>>,
    owner_references: Option<Vec<OwnerReference>>,
    deletion_timestamp: Option<Time>,
    managed_fields: ManagedFields,
}

impl<K, Spec, Status> From<Wire<Spec, Status>> for PartialObject<K, Spec, Status> {
    fn from(Wire { metadata, spec, status }: Wire<Spec, Status>) -> Self {
        Self {
            ownership: metadata.managed_fields.ours,
            metadata: metadata.into(),
            spec,
            status,
            kind: PhantomData,
        }
    }
}

impl From<WireMetadata> for ObjectMeta {
    fn from(wire: WireMetadata) -> Self {
        Self {
            name: wire.name,
            namespace: wire.namespace,
            uid: wire.uid,
            resource_version: wire.resource_version,
            generation: wire.generation,
            labels: wire.labels,
            annotations: wire.annotations,
            finalizers: wire.finalizers,
            owner_references: wire.owner_references,
            deletion_timestamp: wire.deletion_timestamp,
            ..Self::default()
        }
    }
}

impl<K, Spec: Part, Status: Part> PartialObject<K, Spec, Status> {
    /// Returns an object of which only the metadata is known.
    pub(crate) fn from_metadata(metadata: ObjectMeta) -> Self {
        Self {
            metadata,
            ownership: None,
            spec: Spec::default(),
            status: Status::default(),
            kind: PhantomData,
        }
    }
}

/// Not derived, since `K` is only a name.
impl<K, Spec: Clone, Status: Clone> Clone for PartialObject<K, Spec, Status> {
    fn clone(&self) -> Self {
        Self {
            metadata: self.metadata.clone(),
            ownership: self.ownership,
            spec: self.spec.clone(),
            status: self.status.clone(),
            kind: PhantomData,
        }
    }
}

impl<K: Resource, Spec: Part, Status: Part> Resource for PartialObject<K, Spec, Status> {
    type DynamicType = K::DynamicType;
    type Scope = DynamicResourceScope;

    fn metadata_api() -> bool {
        !Spec::IS_WANTED && !Status::IS_WANTED
    }

    fn kind(names: &Self::DynamicType) -> Cow<'_, str> {
        K::kind(names)
    }

    fn group(names: &Self::DynamicType) -> Cow<'_, str> {
        K::group(names)
    }

    fn version(names: &Self::DynamicType) -> Cow<'_, str> {
        K::version(names)
    }

    fn plural(names: &Self::DynamicType) -> Cow<'_, str> {
        K::plural(names)
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::apps::v1::DeploymentStatus;
    use serde_json::{Value, json};

    use super::*;
    use crate::cache::{managed_fields::ownership, status::Deployment};

    fn object() -> Value {
        let entry = json!({"manager": "ccx-operator", "operation": "Apply", "fieldsV1": {"f:spec": {"f:replicas": {}}}});
        json!({
            "metadata": {"name": "a", "namespace": "ns", "uid": "1", "resourceVersion": "7", "generation": 2,
                "creationTimestamp": "2026-01-01T00:00:00Z", "labels": {"l": "1"}, "annotations": {"a": "1"},
                "ownerReferences": [{"apiVersion": "v1", "kind": "K", "name": "o", "uid": "2"}],
                "deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["f"], "managedFields": [entry]},
            "spec": {"replicas": 3, "template": {"spec": {"containers": []}}},
            "status": {"readyReplicas": 2}})
    }

    #[test]
    fn partial_object_has_kept_fields_only() {
        let partial: Deployment = serde_json::from_value(object()).unwrap();
        let mut whole: ObjectMeta = serde_json::from_value(object()["metadata"].clone()).unwrap();
        assert_eq!(partial.ownership, ownership(&whole));
        (whole.managed_fields, whole.creation_timestamp) = (None, None);
        assert_eq!(partial.metadata, whole);
        assert_eq!(partial.spec.replicas, Some(3));
        assert_eq!(
            partial.status,
            DeploymentStatus { ready_replicas: Some(2), ..DeploymentStatus::default() }
        );
    }

    #[test]
    fn partial_object_without_parts_requests_metadata_only() {
        assert!(PartialObject::<DynamicObject>::metadata_api());
        assert!(!Deployment::metadata_api());
    }
}
