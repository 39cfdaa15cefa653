//! The differences between the desired and the live object.

use std::fmt;

use kube::core::DynamicObject;
use serde_json::{Map, Value};

use crate::model::kind::Kind;

/// The path of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldPath(pub(super) Vec<Segment>);

/// A segment of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    Key(String),
    Index(usize),
}

impl FieldPath {
    pub(super) fn is_of_metadata(&self) -> bool {
        self.0.first() == Some(&Segment::Key("metadata".into()))
    }

    /// Returns the JSON pointer of these segments.
    fn pointer(segments: &[Segment]) -> String {
        let part = |segment: &Segment| match segment {
            Segment::Key(key) => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Segment::Index(index) => format!("/{index}"),
        };
        segments.iter().map(part).collect()
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

/// Returns the fields of `desired` that differ in `live`, without values, which may be secret. Fields that
/// only `live` has belong to other managers.
pub(super) fn differences(desired: &DynamicObject, live: &DynamicObject) -> Vec<FieldPath> {
    let mut found = Vec::new();
    differ(&content(desired), &content(live), &mut Vec::new(), &mut found);
    found
}

/// Returns the differences that can be corrected. The spec of a Job that was applied like this differs only by
/// what an admission policy changed when the Job was created, and is immutable.
pub(super) fn correctable(kind: Kind, is_applied: bool, mut paths: Vec<FieldPath>) -> Vec<FieldPath> {
    if kind == Kind::Job && is_applied {
        paths.retain(FieldPath::is_of_metadata);
    }
    paths
}

/// Gives the fields at these paths, except those of the metadata, the value that they have in `live`: an object whose spec is
/// immutable and was changed at its creation can then be applied.
pub(super) fn keep_live(desired: &mut DynamicObject, live: &DynamicObject, paths: &[FieldPath]) {
    for FieldPath(segments) in paths.iter().filter(|path| !path.is_of_metadata()) {
        let Some((last, parents)) = segments.split_last() else { continue };
        let value =
            live.data.pointer(&FieldPath::pointer(segments)).filter(|value| !value.is_null()).cloned();
        match (desired.data.pointer_mut(&FieldPath::pointer(parents)), last, value) {
            (Some(Value::Object(fields)), Segment::Key(key), Some(value)) => {
                fields.insert(key.clone(), value);
            }
            (Some(Value::Object(fields)), Segment::Key(key), None) => {
                fields.remove(key);
            }
            (Some(Value::Array(items)), Segment::Index(index), Some(value)) => items[*index] = value,
            _ => {}
        }
    }
}

/// Whether two versions of an object are equal except for their versions.
pub(crate) fn is_same(one: &DynamicObject, other: &DynamicObject) -> bool {
    content(one) == content(other) && one.metadata.owner_references == other.metadata.owner_references
}

/// Returns the parts of an object that the operator sets.
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

/// An empty value equals an absent one, as for the API server.
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
    fn spec_of_an_applied_job_is_not_corrected() {
        let path = |name: &str| FieldPath(vec![Segment::Key(name.into())]);
        let both = || vec![path("metadata"), path("spec")];
        assert_eq!(correctable(Kind::Job, true, both()), [path("metadata")]);
        assert_eq!(correctable(Kind::Job, false, both()), both());
        assert_eq!(correctable(Kind::Deployment, true, both()), both());
    }

    #[test]
    fn kept_fields_have_their_live_value_and_others_that_of_the_desired_object() {
        let mut desired = object(json!({"spec": {
            "list": [{"image": "a", "policy": "IfNotPresent"}], "tolerations": [], "gone": 1, "same": 2,
        }}));
        desired.metadata.labels = Some([("a".into(), "b".into())].into());
        let live = object(json!({"spec": {
            "list": [{"image": "a", "policy": "Always", "default": 3}], "same": 2, "further": 4,
        }}));
        let paths = differences(&desired, &live);
        keep_live(&mut desired, &live, &paths);
        let expected =
            json!({"spec": {"list": [{"image": "a", "policy": "Always"}], "tolerations": [], "same": 2}});
        assert_eq!(desired.data, expected);
        let left: Vec<String> = differences(&desired, &live).iter().map(ToString::to_string).collect();
        assert_eq!(left, ["metadata.labels"]);
    }

    #[test]
    fn field_of_other_manager_is_no_difference() {
        let live = json!({"spec": {"replicas": 8, "paused": false, "list": [{"a": 1, "default": 2}]}, "status": {"x": 1}});
        assert!(paths(json!({"spec": {"replicas": 8, "list": [{"a": 1}]}}), live).is_empty());
    }

    #[test]
    fn changed_and_missing_fields_are_named_by_path() {
        let desired = json!({"spec": {"replicas": 8, "list": [{"image": "a"}], "gone": 1}});
        let live = json!({"spec": {"replicas": 3, "list": [{"image": "b"}]}});
        assert_eq!(paths(desired, live), ["spec.gone", "spec.list[0].image", "spec.replicas"]);
    }

    #[test]
    fn list_of_other_length_differs_as_a_whole() {
        assert_eq!(paths(json!({"spec": {"list": [1]}}), json!({"spec": {"list": [1, 2]}})), ["spec.list"]);
    }

    #[test]
    fn empty_value_equals_absent_value() {
        assert!(paths(json!({"spec": {"a": {}, "b": [], "c": null}}), json!({"spec": {}})).is_empty());
    }

    #[test]
    fn label_difference_is_found() {
        let mut desired = object(json!({}));
        desired.metadata.labels = Some([("a".into(), "b".into())].into());
        let found: Vec<String> =
            differences(&desired, &object(json!({}))).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["metadata.labels"]);
    }
}
