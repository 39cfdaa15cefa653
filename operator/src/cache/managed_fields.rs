//! The hash of the fields that server-side apply records as ours.
//!
//! A manager that changes or removes such a field takes it out of our set: while the set is the same, so are
//! the values. Status and fields of other managers don't count.

use std::{
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
};

use kube::core::ObjectMeta;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, MapAccess, Visitor},
};

use crate::model::{hash64::Hash64, names::MANAGER};

/// The operation of server-side apply.
const APPLY: &str = "Apply";

/// Returns the hash of the fields of an object that we own, if any.
pub(crate) fn ownership(metadata: &ObjectMeta) -> Option<Hash64> {
    let entries = metadata.managed_fields.iter().flatten();
    let mut ours = entries.filter(|entry| is_ours(entry.manager.as_deref(), entry.operation.as_deref()));
    let fields = ours.find_map(|entry| entry.fields_v1.as_ref())?;
    FieldSet::deserialize(&fields.0).ok().map(FieldSet::fingerprint)
}

/// The same hash, computed while an object is decoded: the managed fields are most of a small object.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(from = "Vec<Entry>")]
pub(crate) struct ManagedFields {
    pub(crate) ours: Option<Hash64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    manager: Option<String>,
    operation: Option<String>,
    fields_v1: Option<FieldSet>,
}

impl From<Vec<Entry>> for ManagedFields {
    fn from(entries: Vec<Entry>) -> Self {
        let mut ours =
            entries.iter().filter(|entry| is_ours(entry.manager.as_deref(), entry.operation.as_deref()));
        Self { ours: ours.find_map(|entry| entry.fields_v1).map(FieldSet::fingerprint) }
    }
}

fn is_ours(manager: Option<&str>, operation: Option<&str>) -> bool {
    manager == Some(MANAGER) && operation == Some(APPLY)
}

/// A set of fields: the sum of the hashes of their paths, so that their order does not matter.
///
/// Each level is a map, whose keys name fields or items and whose values are the next level:
/// <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/#System>, `fieldsV1`.
#[derive(Clone, Copy, Debug)]
struct FieldSet(u64);

impl FieldSet {
    fn fingerprint(self) -> Hash64 {
        Hash64::new(&self.0)
    }
}

impl<'de> Deserialize<'de> for FieldSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Level { path: 0 }.deserialize(deserializer).map(Self)
    }
}

/// The level below a path.
struct Level {
    path: u64,
}

impl<'de> DeserializeSeed<'de> for Level {
    type Value = u64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<u64, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Level {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a set of fields")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<u64, M::Error> {
        let mut sum = 0_u64;
        while let Some(path) = map.next_key_seed(Step { from: self.path })? {
            sum = sum.wrapping_add(path).wrapping_add(map.next_value_seed(Level { path })?);
        }
        Ok(sum)
    }
}

/// One more step of a path.
struct Step {
    from: u64,
}

impl<'de> DeserializeSeed<'de> for Step {
    type Value = u64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<u64, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Step {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E>(self, name: &str) -> Result<u64, E> {
        let mut hasher = DefaultHasher::new();
        (self.from, name).hash(&mut hasher);
        Ok(hasher.finish())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn entry(manager: &str, operation: &str, fields: &Value) -> Value {
        json!({"manager": manager, "operation": operation, "fieldsV1": fields})
    }

    /// By both ways, which must agree.
    fn ours(managed_fields: &Value) -> Option<Hash64> {
        let metadata: ObjectMeta = serde_json::from_value(json!({"managedFields": managed_fields})).unwrap();
        let decoded: ManagedFields = serde_json::from_str(&managed_fields.to_string()).unwrap();
        assert_eq!(ownership(&metadata), decoded.ours);
        decoded.ours
    }

    #[test]
    fn only_applied_fields_count() {
        let fields = json!({"f:data": {".": {}, "f:a": {}}});
        let alone = ours(&json!([entry(MANAGER, APPLY, &fields)]));
        let theirs =
            [entry("kubectl", APPLY, &json!({})), entry(MANAGER, "Update", &json!({"f:status": {}}))];
        assert_eq!(ours(&json!([theirs[0], theirs[1], entry(MANAGER, APPLY, &fields)])), alone);
        assert!(alone.is_some());
        assert_eq!(ours(&json!(theirs)), None);
        assert_eq!(ours(&json!([])), None);
    }

    #[test]
    fn hash_depends_on_paths_but_not_on_order() {
        let text = |fields: &str| {
            let entry =
                format!(r#"[{{"manager": "{MANAGER}", "operation": "Apply", "fieldsV1": {fields}}}]"#);
            serde_json::from_str::<ManagedFields>(&entry).unwrap().ours
        };
        let set = text(r#"{"f:a": {"f:x": {}}, "f:b": {"k:{\"name\":\"main\"}": {}}}"#);
        assert_eq!(text(r#"{"f:b": {"k:{\"name\":\"main\"}": {}}, "f:a": {"f:x": {}}}"#), set);
        assert_ne!(text(r#"{"f:b": {"f:x": {}}, "f:a": {"k:{\"name\":\"main\"}": {}}}"#), set);
        assert_ne!(text(r#"{"f:a": {"f:x": {}}, "f:b": {}}"#), set);
    }
}
