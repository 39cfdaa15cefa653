//! The data of a hit, in the form that every client can decode.
//!
//! Rules decide what their data contains, but clients rely on parts of it: an object with the strings `error_key` and `type`, and, if
//! there are `nodes`, a list of strings. Other values pass unchanged, as the rule wrote them.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, value::RawValue};
use utoipa::ToSchema;

/// The key of the finding.
const ERROR_KEY: &str = "error_key";

/// The kind of the result; of a hit, it is always `rule`.
const TYPE: &str = "type";

/// The nodes that the finding is about.
const NODES: &str = "nodes";

/// The data of a hit: an object with the strings `error_key` and `type`; `nodes`, if any, is a list of strings.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
pub struct ExtraData(BTreeMap<String, Box<RawValue>>);

impl ExtraData {
    /// Returns the stored data in the form that clients can decode, and whether anything that templates may read has changed.
    pub(crate) fn from_stored(json: &str, error_key: &str) -> (Self, bool) {
        let mut data: BTreeMap<String, Box<RawValue>> = serde_json::from_str(json).unwrap_or_default();
        if !data.get(ERROR_KEY).is_some_and(|value| is_string(value)) {
            data.insert(ERROR_KEY.into(), raw(&error_key.into()));
        }
        if !data.get(TYPE).is_some_and(|value| is_string(value)) {
            data.insert(TYPE.into(), raw(&"rule".into()));
        }
        let nodes = data.get(NODES).and_then(|nodes| node_names(nodes));
        let has_changed = nodes.is_some();
        if let Some(names) = nodes {
            data.insert(NODES.into(), raw(&names));
        }
        (Self(data), has_changed)
    }

    /// Returns the error key.
    pub fn error_key(&self) -> String {
        self.0.get(ERROR_KEY).and_then(|value| serde_json::from_str(value.get()).ok()).unwrap_or_default()
    }

    /// Returns the names of the members.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Returns the JSON of a member.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(|value| value.get())
    }
}

fn is_string(value: &RawValue) -> bool {
    value.get().starts_with('"')
}

/// Returns the list of names that replaces other forms of `nodes`; `None` when the value is a list of strings already.
fn node_names(nodes: &RawValue) -> Option<Value> {
    let nodes: Value = serde_json::from_str(nodes.get()).ok()?;
    let names: Vec<String> = match nodes {
        Value::Array(list) if list.iter().all(Value::is_string) => return None,
        Value::Array(list) => list.iter().map(name).collect(),
        Value::Object(by_name) => by_name.into_iter().map(|(name, _)| name).collect(),
        Value::Null => Vec::new(),
        single => vec![name(&single)],
    };
    Some(names.into())
}

/// Returns the name of a node: its member `name`, else its JSON.
fn name(node: &Value) -> String {
    let named = node.as_str().or_else(|| node.get("name")?.as_str());
    named.map_or_else(|| node.to_string(), str::to_owned)
}

fn raw(value: &Value) -> Box<RawValue> {
    RawValue::from_string(value.to_string()).expect("a value is JSON")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sanitised(json: &str) -> (String, bool) {
        let (data, has_changed) = ExtraData::from_stored(json, "KEY");
        (serde_json::to_string(&data).unwrap(), has_changed)
    }

    #[test]
    fn data_of_a_usual_hit_passes_as_the_rule_wrote_it() {
        let json = r#"{"error_key":"A","n":1.50,"nodes":["m0"],"type":"rule"}"#;
        assert_eq!(sanitised(json), (json.into(), false));
    }

    #[test]
    fn missing_or_wrong_key_and_type_become_strings() {
        let expected = r#"{"error_key":"KEY","type":"rule"}"#;
        for json in ["{}", "null", "[1]", "{", "", r#"{"error_key":7,"type":1}"#, r#"{"type":null}"#] {
            assert_eq!(sanitised(json), (expected.into(), false), "{json}");
        }
    }

    #[test]
    fn nodes_in_other_forms_become_a_list_of_names() {
        for (nodes, expected) in [
            (r#"[{"name":"a"},{"name":"b"}]"#, r#"["a","b"]"#),
            (r#"[{"role":"x"},1]"#, r#"["{\"role\":\"x\"}","1"]"#),
            (r#"{"a":{},"b":{}}"#, r#"["a","b"]"#),
            (r#""a""#, r#"["a"]"#),
            ("3", r#"["3"]"#),
            ("null", "[]"),
        ] {
            let json = format!(r#"{{"error_key":"KEY","nodes":{nodes},"type":"rule"}}"#);
            let expected = format!(r#"{{"error_key":"KEY","nodes":{expected},"type":"rule"}}"#);
            assert_eq!(sanitised(&json), (expected, true), "{nodes}");
        }
    }

    proptest! {
        #[test]
        fn any_stored_text_becomes_what_every_client_can_decode(text in ".*", key in "[A-Z]{1,5}") {
            let (data, _) = ExtraData::from_stored(&text, &key);
            let json: Value = serde_json::to_value(&data).unwrap();
            prop_assert!(json["error_key"].is_string() && json["type"].is_string());
        }
    }
}
