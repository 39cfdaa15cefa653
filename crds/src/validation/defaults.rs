//! Defaults, as the API server sets them.

use serde_json::{Map, Value};

/// Sets the defaults of `schema` for absent fields of `value`, and within these defaults.
///
/// A null counts as absent where the schema doesn't allow it, as for the API server.
pub(crate) fn fill(value: &mut Value, schema: &Map<String, Value>) {
    match value {
        Value::Object(fields) => fill_fields(fields, schema),
        Value::Array(items) => {
            let Some(Value::Object(item_schema)) = schema.get("items") else { return };
            for item in items {
                fill(item, item_schema);
            }
        }
        _ => {}
    }
}

fn fill_fields(fields: &mut Map<String, Value>, schema: &Map<String, Value>) {
    fields.retain(|_, value| !value.is_null());
    let empty = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    for (name, property) in properties {
        if let Some(default) = property.get("default")
            && !fields.contains_key(name)
        {
            fields.insert(name.clone(), default.clone());
        }
    }
    for (name, value) in fields {
        let field_schema = properties.get(name).or_else(|| schema.get("additionalProperties"));
        if let Some(Value::Object(field_schema)) = field_schema {
            fill(value, field_schema);
        }
    }
}
