//! Checks of the schema without rules: types, bounds, required and unknown fields.

use serde_json::{Map, Value, json};

use super::Violation;

type Schema = Map<String, Value>;

/// Fields of every object that no schema mentions.
const IMPLICIT_FIELDS: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// Returns all violations of the structure in `document`.
pub(super) fn check(document: &Value, schema: &Schema) -> Vec<Violation> {
    let mut checker = Checker { violations: Vec::new() };
    let mut fields = document.clone();
    if let Value::Object(fields) = &mut fields {
        fields.retain(|name, _| !IMPLICIT_FIELDS.contains(&name.as_str()));
    }
    checker.check(&fields, schema, "");
    checker.violations
}

struct Checker {
    violations: Vec<Violation>,
}

impl Checker {
    fn check(&mut self, value: &Value, schema: &Schema, path: &str) {
        if !has_type(value, schema) {
            return self.report(path, format!("write {}", article_and_type(schema)));
        }
        self.check_enum(value, schema, path);
        match value {
            Value::String(text) => self.check_text(text, schema, path),
            Value::Number(_) => self.check_number(value, schema, path),
            Value::Array(items) => self.check_list(items, schema, path),
            Value::Object(fields) => self.check_fields(fields, schema, path),
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn check_enum(&mut self, value: &Value, schema: &Schema, path: &str) {
        let Some(Value::Array(allowed)) = schema.get("enum") else { return };
        if !allowed.contains(value) {
            let words: Vec<&str> = allowed.iter().filter_map(Value::as_str).collect();
            self.report(path, format!("write one of {}", words.join(", ")));
        }
    }

    fn check_text(&mut self, text: &str, schema: &Schema, path: &str) {
        let length = text.chars().count();
        self.check_size(length, schema, ["minLength", "maxLength"], "characters", path);
    }

    fn check_number(&mut self, value: &Value, schema: &Schema, path: &str) {
        let Some(number) = value.as_f64() else { return };
        let limit = |key| schema.get(key).and_then(Value::as_f64);
        if let Some(least) = limit("minimum")
            && number < least
        {
            self.report(path, format!("choose at least {least}"));
        }
        if let Some(most) = limit("maximum")
            && number > most
        {
            self.report(path, format!("choose at most {most}"));
        }
        let fits = value.as_i64().is_some_and(|number| i32::try_from(number).is_ok());
        if schema.get("format").and_then(Value::as_str) == Some("int32") && !fits {
            self.report(path, format!("choose between {} and {}", i32::MIN, i32::MAX));
        }
    }

    fn check_list(&mut self, items: &[Value], schema: &Schema, path: &str) {
        self.check_size(items.len(), schema, ["minItems", "maxItems"], "entries", path);
        self.check_uniqueness(items, schema, path);
        let Some(Value::Object(item_schema)) = schema.get("items") else { return };
        for (index, item) in items.iter().enumerate() {
            self.check(item, item_schema, &format!("{path}[{index}]"));
        }
    }

    fn check_uniqueness(&mut self, items: &[Value], schema: &Schema, path: &str) {
        let keys: Vec<Value> = match schema.get("x-kubernetes-list-type").and_then(Value::as_str) {
            Some("set") => items.to_vec(),
            Some("map") => items.iter().map(|item| list_map_key(item, schema)).collect(),
            _ => return,
        };
        for (index, key) in keys.iter().enumerate() {
            if keys[..index].contains(key) {
                self.report(&format!("{path}[{index}]"), "remove it: the same is in the list before".into());
            }
        }
    }

    fn check_fields(&mut self, fields: &Map<String, Value>, schema: &Schema, path: &str) {
        self.check_size(fields.len(), schema, ["minProperties", "maxProperties"], "entries", path);
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        for name in required.filter_map(Value::as_str).filter(|name| !fields.contains_key(*name)) {
            self.report(&join(path, name), "set it: it is required".into());
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        for (name, value) in fields {
            let known = properties
                .and_then(|properties| properties.get(name))
                .or_else(|| schema.get("additionalProperties"));
            match known {
                Some(Value::Object(field_schema)) => self.check(value, field_schema, &join(path, name)),
                Some(_) => {}
                None => self.report(&join(path, name), unknown_field(name, properties)),
            }
        }
    }

    fn check_size(&mut self, size: usize, schema: &Schema, [least, most]: [&str; 2], unit: &str, path: &str) {
        let limit =
            |key: &str| schema.get(key).and_then(Value::as_u64).and_then(|limit| usize::try_from(limit).ok());
        if let Some(least) = limit(least).filter(|least| size < *least) {
            self.report(path, format!("give at least {least} {unit}"));
        }
        if let Some(most) = limit(most).filter(|most| size > *most) {
            self.report(path, format!("give at most {most} {unit}"));
        }
    }

    fn report(&mut self, path: &str, message: String) {
        self.violations.push(Violation { path: path.to_owned(), message });
    }
}

/// Returns the problem of a field that does not exist, with the field of a similar name.
fn unknown_field(name: &str, properties: Option<&Schema>) -> String {
    let lower = name.to_lowercase();
    let distance = |known: &&String| strsim::damerau_levenshtein(&lower, &known.to_lowercase());
    let similar = properties.into_iter().flatten().map(|(known, _)| known).min_by_key(distance);
    match similar.filter(|known| distance(known) <= (lower.len() / 3).max(1)) {
        Some(known) => format!("there is no such field; did you mean {known}?"),
        None => "remove it or correct its name: there is no such field".into(),
    }
}

fn has_type(value: &Value, schema: &Schema) -> bool {
    if schema.get("x-kubernetes-int-or-string") == Some(&json!(true)) {
        return value.is_string() || is_integer(value);
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("string") => value.is_string(),
        Some("integer") => is_integer(value),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        _ => true,
    }
}

fn is_integer(value: &Value) -> bool {
    value.is_i64() || value.is_u64()
}

fn article_and_type(schema: &Schema) -> &'static str {
    match schema.get("type").and_then(Value::as_str) {
        Some("string") => "a text; put it in quotes if it looks like something else",
        Some("integer") => "a whole number",
        Some("number") => "a number",
        Some("boolean") => "true or false",
        Some("array") => "a list",
        Some("object") => "a map of fields",
        _ => "a whole number or a text",
    }
}

fn list_map_key(item: &Value, schema: &Schema) -> Value {
    let names = schema.get("x-kubernetes-list-map-keys").and_then(Value::as_array).into_iter().flatten();
    names.filter_map(Value::as_str).map(|name| item.get(name).cloned().unwrap_or_default()).collect()
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
