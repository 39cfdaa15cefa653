//! Describes drift: the fields that other managers changed.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ManagedFieldsEntry;
use kube::core::DynamicObject;
use serde_json::Value;

use crate::{
    model::{kind::Kind, names::MANAGER},
    stages::apply::diff::{FieldPath, Segment},
};

/// The number of fields per manager that an Event names, so that its note stays within 1,024 characters.
const MAX_FIELDS: usize = 5;

/// Stands for an unknown manager.
const UNKNOWN_MANAGER: &str = "an unknown manager";

/// Returns the note of the Event: `restored spec.replicas of Deployment a, which kubectl-edit had changed`.
pub(super) fn note(kind: Kind, live: &DynamicObject, paths: &[FieldPath]) -> String {
    let mut by_manager: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for path in paths {
        by_manager.entry(changed_by(live, path)).or_default().push(path.to_string());
    }
    let object = format!("{} {}", kind.name(), live.metadata.name.as_deref().unwrap_or_default());
    let parts: Vec<String> =
        by_manager.into_iter().map(|(manager, fields)| part(&object, manager, &fields)).collect();
    parts.join("; ")
}

/// Returns the message about a child that another client keeps changing. It does not change while the fight
/// lasts.
pub(super) fn contest(kind: Kind, live: &DynamicObject, paths: &[FieldPath]) -> String {
    let mut managers: Vec<&str> = paths.iter().map(|path| changed_by(live, path)).collect();
    managers.sort_unstable();
    managers.dedup();
    let fields: Vec<String> = paths.iter().take(MAX_FIELDS).map(ToString::to_string).collect();
    format!(
        "{} keeps changing {} of {} {}, which the operator sets too; corrections are delayed",
        managers.join(" and "),
        fields.join(", "),
        kind.name(),
        live.metadata.name.as_deref().unwrap_or_default()
    )
}

fn part(object: &str, manager: &str, fields: &[String]) -> String {
    let named = fields[..fields.len().min(MAX_FIELDS)].join(", ");
    let further = fields.len().saturating_sub(MAX_FIELDS);
    let more = if further > 0 { format!(" and {further} more fields") } else { String::new() };
    format!("restored {named}{more} of {object}, which {manager} had changed")
}

/// Returns the manager that owns the field now; for a removed field, the one that wrote last.
fn changed_by<'a>(live: &'a DynamicObject, path: &FieldPath) -> &'a str {
    let entries = live.metadata.managed_fields.iter().flatten();
    let others: Vec<&ManagedFieldsEntry> = entries.filter(|entry| is_other(entry)).collect();
    let has = |entry: &&&ManagedFieldsEntry| {
        entry.fields_v1.as_ref().is_some_and(|fields| contains(&fields.0, &path.0))
    };
    let owner = others
        .iter()
        .find(has)
        .or_else(|| others.iter().max_by_key(|entry| entry.time.as_ref().map(|time| time.0)));
    owner.and_then(|entry| entry.manager.as_deref()).unwrap_or(UNKNOWN_MANAGER)
}

fn is_other(entry: &ManagedFieldsEntry) -> bool {
    let is_status = entry.subresource.as_deref().is_some_and(|subresource| subresource == "status");
    entry.manager.as_deref() != Some(MANAGER) && !is_status
}

/// Whether a set of fields has the field at `path`, or a part of it. Items of lists are named by their key in
/// the set and by their index in the path, so any item counts.
fn contains(fields: &Value, path: &[Segment]) -> bool {
    let Some((first, rest)) = path.split_first() else { return true };
    let Some(fields) = fields.as_object() else { return false };
    match first {
        Segment::Key(key) => fields.get(&format!("f:{key}")).is_some_and(|inner| contains(inner, rest)),
        Segment::Index(_) => {
            fields.iter().any(|(key, inner)| !key.starts_with("f:") && key != "." && contains(inner, rest))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn live(managed_fields: &Value) -> DynamicObject {
        serde_json::from_value(json!({"metadata": {"name": "a", "managedFields": managed_fields}})).unwrap()
    }

    fn path(segments: &[&str]) -> FieldPath {
        let segment = |text: &&str| match text.parse() {
            Ok(index) => Segment::Index(index),
            Err(_) => Segment::Key((*text).into()),
        };
        FieldPath(segments.iter().map(segment).collect())
    }

    #[test]
    fn note_names_each_manager_with_its_fields() {
        let live = live(&json!([
            {"manager": "ccx-operator", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
            {"manager": "kubectl-scale", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
            {"manager": "kubectl-edit", "fieldsV1": {"f:spec": {"f:containers": {"k:{\"name\":\"main\"}": {"f:image": {}}}}}},
        ]));
        let paths = [path(&["spec", "replicas"]), path(&["spec", "containers", "0", "image"])];
        let expected = "restored spec.containers[0].image of Deployment a, which kubectl-edit had changed; \
                        restored spec.replicas of Deployment a, which kubectl-scale had changed";
        assert_eq!(note(Kind::Deployment, &live, &paths), expected);
    }

    #[test]
    fn removed_field_is_attributed_to_last_writer() {
        let live = live(&json!([
            {"manager": "early", "time": "2026-01-01T00:00:00Z", "fieldsV1": {}},
            {"manager": "late", "time": "2026-01-02T00:00:00Z", "fieldsV1": {}},
            {"manager": "controller", "time": "2026-01-03T00:00:00Z", "subresource": "status", "fieldsV1": {}},
        ]));
        assert_eq!(
            note(Kind::Service, &live, &[path(&["spec"])]),
            "restored spec of Service a, which late had changed"
        );
    }

    #[test]
    fn note_counts_further_fields() {
        let paths: Vec<FieldPath> = (0..7).map(|index| path(&["spec", &format!("f{index}")])).collect();
        let note = note(Kind::Service, &live(&json!([])), &paths);
        let expected = "restored spec.f0, spec.f1, spec.f2, spec.f3, spec.f4 and 2 more fields of Service a, \
                        which an unknown manager had changed";
        assert_eq!(note, expected);
    }
}
