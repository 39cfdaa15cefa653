//! What is decoded of an object that a watch brings: no more than is kept.
//!
//! Before it is dropped, a page of whole objects takes a hundred times the memory of what the table keeps of them.

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

/// An object of the kind of `K`: its metadata and, of the rest, what `Spec` and `Status` decode.
#[derive(Debug, Deserialize)]
#[serde(from = "Wire<Spec, Status>", bound(deserialize = "Spec: Part, Status: Part"))]
pub(crate) struct PartialObject<K = DynamicObject, Spec = IgnoredAny, Status = IgnoredAny> {
    /// Of it, the fields that [`WireMetadata`] names.
    pub(crate) metadata: ObjectMeta,
    /// The fingerprint of the fields that we own, if there are any.
    pub(crate) ownership: Option<Hash64>,
    /// How it should be.
    pub(crate) spec: Spec,
    /// How it is.
    pub(crate) status: Status,
    kind: PhantomData<fn() -> K>,
}

/// What is wanted of an object beside its metadata.
pub(crate) trait Part: Default + DeserializeOwned {
    /// Whether that is anything. If not, the API server is asked for metadata alone.
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
    fn all_that_is_kept_is_decoded_and_the_rest_is_dropped() {
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
    fn the_server_is_asked_for_metadata_alone_when_nothing_else_is_wanted() {
        assert!(PartialObject::<DynamicObject>::metadata_api());
        assert!(!Deployment::metadata_api());
    }
}
