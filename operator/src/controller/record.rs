//! What is remembered of one child: just enough to see that nobody has touched it.

use std::hash::{DefaultHasher, Hash, Hasher};

use kube::core::{DynamicObject, ObjectMeta};

use super::facts::Facts;
use crate::component::MANAGER;

/// The annotation with the fingerprint of the object that we applied last.
pub const APPLIED_HASH: &str = "ccx.openshift.io/applied-hash";

/// One child as the API server has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// Its identity, to delete this one and no other of the same name.
    pub(crate) uid: Box<str>,
    /// Its version.
    pub(crate) version: Version,
    /// How often its specification has changed.
    pub(crate) generation: Option<i64>,
    /// The fingerprint of the fields that we own.
    pub(crate) ownership: u64,
    /// The fingerprint of what we applied last.
    pub(crate) applied: Option<Box<str>>,
    /// The resource that owns it.
    pub(crate) owner: Option<Box<str>>,
    /// Whether it is being deleted.
    pub(crate) is_leaving: bool,
    /// What status needs.
    pub(crate) facts: Facts,
}

/// A version of an object. Those of one object can be compared; one that is not a number is newer than all others, as then only a
/// look tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(u64);

impl Record {
    pub(crate) fn new(metadata: &ObjectMeta, facts: Facts) -> Self {
        let annotations = metadata.annotations.as_ref();
        let owners = metadata.owner_references.iter().flatten();
        let controller = owners.into_iter().find(|owner| owner.controller == Some(true));
        Self {
            uid: metadata.uid.as_deref().unwrap_or_default().into(),
            version: Version::of(metadata),
            generation: metadata.generation,
            ownership: ownership(metadata),
            applied: annotations.and_then(|all| all.get(APPLIED_HASH)).map(|hash| hash.as_str().into()),
            owner: controller.map(|owner| owner.uid.as_str().into()),
            is_leaving: metadata.deletion_timestamp.is_some(),
            facts,
        }
    }

    /// Whether a change from `self` to `newer` matters: status fields, versions and what others
    /// decide change all the time.
    pub(crate) fn differs(&self, newer: &Self) -> bool {
        let essence = |record: &Self| Self { version: Version(0), generation: None, ..record.clone() };
        essence(self) != essence(newer)
    }
}

impl Version {
    /// Of an object whose version is not a number.
    pub(crate) const UNKNOWN: Self = Self(u64::MAX);

    pub(crate) fn of(metadata: &ObjectMeta) -> Self {
        Self(metadata.resource_version.as_deref().and_then(|version| version.parse().ok()).unwrap_or(Self::UNKNOWN.0))
    }
}

impl From<&DynamicObject> for Record {
    fn from(object: &DynamicObject) -> Self {
        Self::new(&object.metadata, Facts::None)
    }
}

/// The fingerprint of the fields that server-side apply has noted as ours, and of nothing else.
///
/// Whoever changes the value of such a field, or removes it, takes it out of our set. So as long as the set is the same, so are
/// the values. Status, and fields of others, do not count. Without a set, any new version counts.
fn ownership(metadata: &ObjectMeta) -> u64 {
    let mut hasher = DefaultHasher::new();
    let entries = metadata.managed_fields.iter().flatten();
    let is_ours = |manager: Option<&str>, operation: Option<&str>| manager == Some(MANAGER) && operation == Some("Apply");
    let mut ours = entries.filter(|entry| is_ours(entry.manager.as_deref(), entry.operation.as_deref()));
    match ours.find_map(|entry| entry.fields_v1.as_ref()) {
        Some(fields) => fields.0.to_string().hash(&mut hasher),
        None => metadata.resource_version.hash(&mut hasher),
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn record(version: &str, managed_fields: &Value) -> Record {
        let metadata: ObjectMeta = serde_json::from_value(json!({
            "uid": "1", "resourceVersion": version, "managedFields": managed_fields,
            "annotations": {APPLIED_HASH: "abc"}}))
        .unwrap();
        Record::new(&metadata, Facts::None)
    }

    fn entry(manager: &str, operation: &str, fields: &Value) -> Value {
        json!({"manager": manager, "operation": operation, "fieldsV1": fields})
    }

    #[test]
    fn a_change_by_somebody_else_to_a_field_of_theirs_does_not_matter() {
        let ours = entry(MANAGER, "Apply", &json!({"f:data": {"f:a": {}}}));
        let theirs = entry("kubectl", "Update", &json!({"f:data": {"f:b": {}}}));
        let (before, after) = (record("1", &json!([ours])), record("2", &json!([ours, theirs])));
        assert!(!before.differs(&after));
        assert!(before.version < after.version);
    }

    #[test]
    fn a_field_that_is_no_longer_ours_matters() {
        let before = record("1", &json!([entry(MANAGER, "Apply", &json!({"f:data": {"f:a": {}, "f:b": {}}}))]));
        let after = record("2", &json!([entry(MANAGER, "Apply", &json!({"f:data": {"f:a": {}}}))]));
        assert!(before.differs(&after));
    }

    #[test]
    fn without_a_set_of_ours_every_version_matters() {
        let update = json!([entry(MANAGER, "Update", &json!({"f:data": {}}))]);
        assert!(record("1", &update).differs(&record("2", &update)));
    }

    #[test]
    fn the_hash_that_we_applied_is_remembered() {
        assert_eq!(record("1", &json!([])).applied.as_deref(), Some("abc"));
    }
}
