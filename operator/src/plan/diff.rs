//! The fields that differ between two versions of an object.

use kube::core::DynamicObject;
use serde_json::{Map, Value};

use super::text_diff::changed_lines;
use crate::model::{annotations::APPLIED_HASH, kind::Kind};

/// A changed field.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldChange {
    /// Its path, such as `spec.template.spec.containers[0].image`.
    pub path: String,
    /// The present value; `None` when absent or in a Secret.
    pub before: Option<Value>,
    /// The planned value.
    pub after: Option<Value>,
}

/// The limit of a value in characters, which is cut.
const MAX_VALUE_LENGTH: usize = 80;

impl FieldChange {
    /// Returns the lines that differ, if the value is a text of several lines: removed ones begin with `- `, added
    /// ones with `+ `.
    pub fn changed_lines(&self) -> Option<Vec<String>> {
        changed_lines(self.before.as_ref()?.as_str()?, self.after.as_ref()?.as_str()?)
    }

    /// Returns path and change in one line.
    pub fn summary(&self) -> String {
        let change = match self.changed_lines() {
            Some(lines) => lines.join(", "),
            None => self.values(),
        };
        format!("{}: {change}", self.path)
    }

    /// Returns the value before and after, cut to a readable length; `…` for one that is absent or secret.
    pub fn values(&self) -> String {
        format!("{} -> {}", shortened(self.before.as_ref()), shortened(self.after.as_ref()))
    }
}

fn shortened(value: Option<&Value>) -> String {
    let Some(value) = value else { return "…".into() };
    let text = value.to_string();
    if text.chars().count() <= MAX_VALUE_LENGTH {
        return text;
    }
    text.chars().take(MAX_VALUE_LENGTH).chain(['…']).collect()
}

/// Metadata that the API server sets.
const BOOKKEEPING: [&str; 6] =
    ["managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"];

/// Returns the fields that differ, sorted by path; values of Secrets are omitted.
pub(super) fn fields(kind: Kind, before: &DynamicObject, after: &DynamicObject) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    compare("", Some(&stripped(before)), Some(&stripped(after)), &mut changes);
    if kind == Kind::Secret {
        for change in &mut changes {
            (change.before, change.after) = (None, None);
        }
    }
    changes
}

/// Returns the live object with the fields of `desired`.
pub(crate) fn laid_over(live: &DynamicObject, desired: &DynamicObject) -> DynamicObject {
    let mut merged = value(live);
    overlay(&mut merged, value(desired));
    serde_json::from_value(merged).unwrap_or_else(|_| desired.clone())
}

fn overlay(below: &mut Value, above: Value) {
    match (below, above) {
        (Value::Object(below), Value::Object(above)) => {
            for (key, value) in above {
                overlay(below.entry(key).or_insert(Value::Null), value);
            }
        }
        (Value::Array(below), Value::Array(above)) if below.len() == above.len() => {
            for (below, above) in below.iter_mut().zip(above) {
                overlay(below, above);
            }
        }
        (below, above) => *below = above,
    }
}

fn stripped(object: &DynamicObject) -> Value {
    let mut object = value(object);
    if let Some(fields) = object.as_object_mut() {
        // Items of lists have no type.
        for known in ["status", "apiVersion", "kind"] {
            fields.remove(known);
        }
    }
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.retain(|key, _| !BOOKKEEPING.contains(&key.as_str()));
        remove_note(metadata);
    }
    object
}

/// Removes the annotation with the hash of the applied object.
fn remove_note(metadata: &mut Map<String, Value>) {
    let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) else { return };
    annotations.remove(APPLIED_HASH);
    if annotations.is_empty() {
        metadata.remove("annotations");
    }
}

fn value(object: &DynamicObject) -> Value {
    serde_json::to_value(object).unwrap_or_default()
}

fn compare(path: &str, before: Option<&Value>, after: Option<&Value>, changes: &mut Vec<FieldChange>) {
    match (before, after) {
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            let mut keys: Vec<&String> = before.keys().chain(after.keys()).collect();
            keys.sort_unstable();
            keys.dedup();
            for key in keys {
                compare(&below(path, key), before.get(key), after.get(key), changes);
            }
        }
        (Some(Value::Array(before)), Some(Value::Array(after))) if before.len() == after.len() => {
            for (at, (before, after)) in before.iter().zip(after).enumerate() {
                compare(&format!("{path}[{at}]"), Some(before), Some(after), changes);
            }
        }
        _ if before == after => {}
        _ => changes.push(FieldChange {
            path: path.to_owned(),
            before: before.cloned(),
            after: after.cloned(),
        }),
    }
}

/// Keys that contain dots, such as those of annotations, are quoted.
fn below(path: &str, key: &str) -> String {
    match (path.is_empty(), key.contains('.')) {
        (true, _) => key.to_owned(),
        (false, false) => format!("{path}.{key}"),
        (false, true) => format!("{path}[\"{key}\"]"),
    }
}
