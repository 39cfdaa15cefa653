//! The form of details that clients of the REST API can decode.
//!
//! Some decode details into fixed types, and drop the whole report of a cluster when those of one hit are of
//! another form: `type` and the key are strings, and `nodes`, if there is such a field, is a list of strings.
//! So a built-in rule that answers otherwise has failed ([`check`]), and what rules of another engine say is
//! brought into this form ([`Finding::adapt`]).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use snafu::{ResultExt, Snafu, ensure};

use crate::{Finding, Kind};

const TYPE: &str = "type";
const NODES: &str = "nodes";

/// The field that keeps `nodes` of another form than a list of strings.
const NODE_DETAILS: &str = "node_details";

/// The reason why clients can't decode details.
#[derive(Debug, Snafu)]
pub enum IncompatibleDetails {
    /// They have no fields.
    #[snafu(display("they are not a JSON object"))]
    NotAnObject {
        /// The parser's error.
        source: serde_json::Error,
    },
    /// The rule sets what is the report's to set.
    #[snafu(display("`{field}` is set by the report; give the field another name"))]
    Reserved {
        /// The field.
        field: &'static str,
    },
    /// Clients expect names.
    #[snafu(display("clients expect `{NODES}` to be a list of strings; give the field another name"))]
    Nodes,
}

/// Checks what a rule says of a finding, before `type` and the key are added.
pub(crate) fn check(kind: Kind, data: &RawValue) -> Result<(), IncompatibleDetails> {
    let fields = fields_of(data)?;
    let reserved = [TYPE, kind.key_field()].into_iter().find(|field| fields.contains_key(*field));
    if let Some(field) = reserved {
        return ReservedSnafu { field }.fail();
    }
    ensure!(fields.get(NODES).is_none_or(|nodes| is_list_of_strings(nodes)), NodesSnafu);
    Ok(())
}

impl Finding {
    /// Brings the details into the form that clients can read, and tells which fields had another one.
    ///
    /// `nodes` that is no list of strings becomes the names of its items, or goes when they have none; what
    /// it was is `node_details` then. `type` and the key become what they are for the finding, unless they
    /// are strings.
    pub fn adapt(&mut self, kind: Kind) -> Result<Vec<&'static str>, IncompatibleDetails> {
        let names;
        let mut fields = fields_of(&self.details)?;
        let mut adapted = Vec::new();
        let own = [(TYPE, raw(kind.as_str())), (kind.key_field(), raw(self.error_key.as_str()))];
        for (field, value) in &own {
            if !fields.get(*field).is_some_and(|value| is::<String>(value)) {
                fields.insert((*field).into(), value);
                adapted.push(*field);
            }
        }
        if let Some(nodes) = fields.get(NODES).copied().filter(|nodes| !is_list_of_strings(nodes)) {
            fields.remove(NODES);
            fields.entry(NODE_DETAILS.into()).or_insert(nodes);
            names = names_of(nodes).map(|names| raw(&names));
            fields.extend(names.iter().map(|names| (NODES.into(), &**names)));
            adapted.push(NODES);
        }
        if !adapted.is_empty() {
            self.details = raw(&fields);
        }
        Ok(adapted)
    }
}

fn fields_of(details: &RawValue) -> Result<BTreeMap<String, &RawValue>, IncompatibleDetails> {
    serde_json::from_str(details.get()).context(NotAnObjectSnafu)
}

fn is_list_of_strings(value: &RawValue) -> bool {
    is::<Vec<String>>(value)
}

fn is<'a, T: Deserialize<'a>>(value: &'a RawValue) -> bool {
    serde_json::from_str::<T>(value.get()).is_ok()
}

/// The names of all items of a list.
fn names_of(list: &RawValue) -> Option<Vec<String>> {
    #[derive(Deserialize)]
    struct Named {
        name: String,
    }
    let items: Vec<Named> = serde_json::from_str(list.get()).ok()?;
    Some(items.into_iter().map(|item| item.name).collect())
}

fn raw(value: &(impl Serialize + ?Sized)) -> Box<RawValue> {
    to_raw_value(value).expect("strings, lists of them and parsed fields are always JSON")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn checked(data: &Value) -> Option<String> {
        check(Kind::Hit, &raw(data)).err().map(|error| error.to_string())
    }

    /// The details of a hit with the key `KEY` as clients get them, and what is changed in them.
    fn adapted(details: &Value) -> (Value, Vec<&'static str>) {
        let (rule, error_key) = ("a.b".parse().unwrap(), "KEY".parse().unwrap());
        let mut finding = Finding { rule, error_key, details: raw(details), tags: Vec::new(), links: None };
        let changed = finding.adapt(Kind::Hit).unwrap();
        (serde_json::from_str(finding.details.get()).unwrap(), changed)
    }

    #[test]
    fn details_with_any_other_field_are_accepted() {
        for data in
            [json!({}), json!({"nodes": []}), json!({"nodes": ["a", "b"], "info_key": 1, "x": {"type": 1}})]
        {
            assert_eq!(checked(&data), None, "{data}");
        }
    }

    #[test]
    fn details_of_another_form_are_refused() {
        let nodes = "clients expect `nodes` to be a list of strings; give the field another name";
        for (data, problem) in [
            (json!([1]), "they are not a JSON object"),
            (json!(null), "they are not a JSON object"),
            (json!({"type": "a"}), "`type` is set by the report; give the field another name"),
            (json!({"error_key": "KEY"}), "`error_key` is set by the report; give the field another name"),
            (json!({"nodes": [{"name": "a"}]}), nodes),
            (json!({"nodes": null}), nodes),
            (json!({"nodes": "a"}), nodes),
            (json!({"nodes": {"a": 1}}), nodes),
        ] {
            assert_eq!(checked(&data).as_deref(), Some(problem), "{data}");
        }
    }

    #[test]
    fn compatible_details_stay_unchanged() {
        let text = r#"{"type": "rule","error_key":"KEY","b":1.50,"a":[1,2],"nodes":["a"]}"#;
        let details = RawValue::from_string(text.into()).unwrap();
        let (rule, error_key) = ("a.b".parse().unwrap(), "KEY".parse().unwrap());
        let mut finding = Finding { rule, error_key, details, tags: Vec::new(), links: None };
        assert_eq!(finding.adapt(Kind::Hit).unwrap(), Vec::<&str>::new());
        assert_eq!(finding.details.get(), text);
    }

    #[test]
    fn nodes_of_objects_become_names_and_node_details() {
        let nodes = json!([{"name": "a", "role": "worker"}, {"name": "b"}]);
        let (details, changed) = adapted(&json!({"type": "rule", "error_key": "KEY", "nodes": nodes}));
        assert_eq!(
            details,
            json!({"type": "rule", "error_key": "KEY", "nodes": ["a", "b"], "node_details": nodes})
        );
        assert_eq!(changed, ["nodes"]);
    }

    #[test]
    fn nodes_without_names_become_node_details_only() {
        for nodes in [json!([{"name": "a"}, {"name": 1}]), json!({"a": 1}), json!(3), json!(null)] {
            let (details, _) = adapted(&json!({"type": "rule", "error_key": "KEY", "nodes": nodes}));
            assert_eq!(details, json!({"type": "rule", "error_key": "KEY", "node_details": nodes}));
        }
    }

    #[test]
    fn type_and_key_that_are_not_strings_are_replaced() {
        let (details, changed) = adapted(&json!({"type": 1, "error_key": "OTHER", "a": 1}));
        assert_eq!((details, changed), (json!({"type": "rule", "error_key": "OTHER", "a": 1}), vec!["type"]));
        let (details, changed) = adapted(&json!({}));
        assert_eq!(
            (details, changed),
            (json!({"type": "rule", "error_key": "KEY"}), vec!["type", "error_key"])
        );
    }
}
