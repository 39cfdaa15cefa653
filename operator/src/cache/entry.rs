//! One child: enough to detect changes by other clients.

use kube::core::{DynamicObject, ObjectMeta};

use crate::{
    cache::{
        managed_fields::ownership,
        partial_object::{Part, PartialObject},
        status::ChildStatus,
    },
    model::{annotations::APPLIED_HASH, hash64::Hash64},
};

/// One child as the API server has it. There are tens of thousands: texts that are only compared are hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChildEntry {
    /// Its UID.
    pub(crate) uid: Option<Hash64>,
    /// Its resource version.
    pub(crate) version: Version,
    /// Its generation; 0 for kinds without one.
    pub(crate) generation: i64,
    /// The fields that we own. An object without any has a new set with each version, so that every change
    /// counts.
    pub(crate) ownership: Hash64,
    /// The hash of the object that we applied last.
    pub(crate) applied: Option<Hash64>,
    /// The UID of its owner.
    pub(crate) owner: Option<Hash64>,
    /// Whether it is being deleted.
    pub(crate) is_terminating: bool,
    /// The parts of it that are reported.
    pub(crate) status: ChildStatus,
}

/// A resource version. Versions of one object can be compared; one that is not a number counts as the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(u64);

impl ChildEntry {
    /// Returns the entry of an object of which we own the fields `ownership`.
    pub(crate) fn new(metadata: &ObjectMeta, ownership: Option<Hash64>, status: ChildStatus) -> Self {
        let annotations = metadata.annotations.as_ref();
        let owners = metadata.owner_references.iter().flatten();
        let controller = owners.into_iter().find(|owner| owner.controller == Some(true));
        Self {
            uid: metadata.uid.as_deref().map(Hash64::new),
            version: Version::from_metadata(metadata),
            generation: metadata.generation.unwrap_or_default(),
            ownership: ownership.unwrap_or_else(|| Hash64::new(&metadata.resource_version)),
            applied: annotations.and_then(|all| all.get(APPLIED_HASH)).map(|hash| Hash64::new(hash.as_str())),
            owner: controller.map(|owner| Hash64::new(owner.uid.as_str())),
            is_terminating: metadata.deletion_timestamp.is_some(),
            status,
        }
    }

    /// Returns the entry of an object from a watch.
    pub(crate) fn from_partial<K, Spec: Part, Status: Part>(
        object: &PartialObject<K, Spec, Status>,
        status: ChildStatus,
    ) -> Self {
        Self::new(&object.metadata, object.ownership, status)
    }

    /// Whether a change from `self` to `newer` matters: versions, and fields of others, change all the time.
    pub(crate) fn differs(&self, newer: &Self) -> bool {
        let spec_hash = |it: &Self| (it.uid, it.ownership, it.applied, it.owner, it.is_terminating);
        spec_hash(self) != spec_hash(newer) || self.status != newer.status
    }
}

impl Version {
    /// The version of an object whose version is not a number.
    pub(crate) const UNKNOWN: Self = Self(u64::MAX);

    pub(crate) fn from_metadata(metadata: &ObjectMeta) -> Self {
        Self(
            metadata
                .resource_version
                .as_deref()
                .and_then(|version| version.parse().ok())
                .unwrap_or(Self::UNKNOWN.0),
        )
    }
}

impl From<&DynamicObject> for ChildEntry {
    fn from(object: &DynamicObject) -> Self {
        let status = ChildStatus::from_annotations(&object.metadata);
        Self::new(&object.metadata, ownership(&object.metadata), status)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::names::MANAGER;

    fn record(version: &str, managed_fields: &Value) -> ChildEntry {
        let metadata: ObjectMeta = serde_json::from_value(json!({
            "uid": "1", "resourceVersion": version, "managedFields": managed_fields,
            "annotations": {APPLIED_HASH: "abc"}}))
        .unwrap();
        ChildEntry::new(&metadata, ownership(&metadata), ChildStatus::None)
    }

    fn entry(manager: &str, operation: &str, fields: &Value) -> Value {
        json!({"manager": manager, "operation": operation, "fieldsV1": fields})
    }

    #[test]
    fn change_of_a_foreign_field_does_not_matter() {
        let ours = entry(MANAGER, "Apply", &json!({"f:data": {"f:a": {}}}));
        let theirs = entry("kubectl", "Update", &json!({"f:data": {"f:b": {}}}));
        let (before, after) = (record("1", &json!([ours])), record("2", &json!([ours, theirs])));
        assert!(!before.differs(&after));
        assert!(before.version < after.version);
    }

    #[test]
    fn lost_ownership_of_a_field_matters() {
        let before =
            record("1", &json!([entry(MANAGER, "Apply", &json!({"f:data": {"f:a": {}, "f:b": {}}}))]));
        let after = record("2", &json!([entry(MANAGER, "Apply", &json!({"f:data": {"f:a": {}}}))]));
        assert!(before.differs(&after));
    }

    #[test]
    fn object_without_own_fields_matters_at_every_version() {
        let update = json!([entry(MANAGER, "Update", &json!({"f:data": {}}))]);
        assert!(record("1", &update).differs(&record("2", &update)));
    }

    #[test]
    fn entry_size_is_bounded() {
        assert!(size_of::<Option<ChildEntry>>() <= 72);
    }

    #[test]
    fn entry_has_the_applied_hash() {
        assert_eq!(record("1", &json!([])).applied, Some(Hash64::new("abc")));
    }
}
