//! What differs between a child as it should be and as it is.

use std::fmt;

use kube::core::DynamicObject;
use serde_json::{Map, Value};

/// Where a field is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldPath(pub(super) Vec<Segment>);

/// A step to a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    Key(String),
    Index(usize),
}

impl FieldPath {
    pub(super) fn is_of_metadata(&self) -> bool {
        self.0.first() == Some(&Segment::Key("metadata".into()))
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Key(key) if position == 0 => f.write_str(key)?,
                Segment::Key(key) => write!(f, ".{key}")?,
                Segment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// The fields of `desired` that `live` does not have so, without values: they may be secret. Fields that only `live` has are
/// somebody else's.
pub(super) fn differences(desired: &DynamicObject, live: &DynamicObject) -> Vec<FieldPath> {
    let mut found = Vec::new();
    differ(&content(desired), &content(live), &mut Vec::new(), &mut found);
    found
}

/// Whether two versions of an object are the same but for what changes with each version.
pub(crate) fn is_same(one: &DynamicObject, other: &DynamicObject) -> bool {
    content(one) == content(other) && one.metadata.owner_references == other.metadata.owner_references
}

/// The parts of an object that we decide about.
fn content(object: &DynamicObject) -> Value {
    let metadata = &object.metadata;
    let owners = metadata.owner_references.as_ref().filter(|owners| !owners.is_empty());
    let kept = serde_json::json!({
        "labels": metadata.labels, "annotations": metadata.annotations, "ownerReferences": owners,
    });
    let fields = object.data.as_object().cloned().unwrap_or_default();
    let mut content: Map<String, Value> = fields.into_iter().filter(|(key, _)| key != "status").collect();
    content.insert("metadata".into(), kept);
    Value::Object(content)
}

fn differ(desired: &Value, live: &Value, path: &mut Vec<Segment>, found: &mut Vec<FieldPath>) {
    match (desired, live) {
        (Value::Object(desired), Value::Object(live)) => {
            for (key, value) in desired {
                path.push(Segment::Key(key.clone()));
                differ(value, live.get(key).unwrap_or(&Value::Null), path, found);
                path.pop();
            }
        }
        (Value::Array(desired), Value::Array(live)) if desired.len() == live.len() => {
            for (index, (desired, live)) in desired.iter().zip(live).enumerate() {
                path.push(Segment::Index(index));
                differ(desired, live, path, found);
                path.pop();
            }
        }
        _ if is_equal(desired, live) => {}
        _ => found.push(FieldPath(path.clone())),
    }
}

/// An empty value and none are the same to the API server.
fn is_equal(desired: &Value, live: &Value) -> bool {
    match desired {
        Value::Object(fields) if live.is_null() => fields.values().all(|value| is_equal(value, &Value::Null)),
        Value::Array(items) if live.is_null() => items.is_empty(),
        _ => desired == live,
    }
}

#[cfg(test)]
mod tests {
    use kube::core::ObjectMeta;
    use serde_json::json;

    use super::*;

    fn object(data: Value) -> DynamicObject {
        DynamicObject { types: None, metadata: ObjectMeta::default(), data }
    }

    fn paths(desired: Value, live: Value) -> Vec<String> {
        differences(&object(desired), &object(live)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_others_added_is_no_difference() {
        let live = json!({"spec": {"replicas": 8, "paused": false, "list": [{"a": 1, "default": 2}]}, "status": {"x": 1}});
        assert!(paths(json!({"spec": {"replicas": 8, "list": [{"a": 1}]}}), live).is_empty());
    }

    #[test]
    fn a_changed_and_a_missing_field_are_named_by_their_path() {
        let desired = json!({"spec": {"replicas": 8, "list": [{"image": "a"}], "gone": 1}});
        let live = json!({"spec": {"replicas": 3, "list": [{"image": "b"}]}});
        assert_eq!(paths(desired, live), ["spec.gone", "spec.list[0].image", "spec.replicas"]);
    }

    #[test]
    fn a_list_of_another_length_differs_as_a_whole() {
        assert_eq!(paths(json!({"spec": {"list": [1]}}), json!({"spec": {"list": [1, 2]}})), ["spec.list"]);
    }

    #[test]
    fn an_empty_value_and_none_are_the_same() {
        assert!(paths(json!({"spec": {"a": {}, "b": [], "c": null}}), json!({"spec": {}})).is_empty());
    }

    #[test]
    fn labels_count() {
        let mut desired = object(json!({}));
        desired.metadata.labels = Some([("a".into(), "b".into())].into());
        let found: Vec<String> =
            differences(&desired, &object(json!({}))).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["metadata.labels"]);
    }
}
