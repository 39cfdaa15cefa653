//! Converts the schema of `schemars` to a structural schema of Kubernetes.
//!
//! [`refine`] runs once over the finished schema of `spec` and of `status`; [`field`] and [`rule`] are for
//! parts of it.

pub(crate) mod field;
pub(crate) mod rule;

use schemars::Schema;
use serde_json::{Map, Value, json};

use crate::validation::defaults;

/// Makes a derived schema structural, small and readable:
///
/// - optional values are absent, never null;
/// - the variants of an enum are in the description of the field, where `kubectl explain` shows them;
/// - so are defaults.
pub(crate) fn refine(schema: &mut Schema) {
    refine_object(schema.ensure_object());
}

fn refine_object(schema: &mut Map<String, Value>) {
    drop_null(schema);
    for_each_child(schema, &mut |child| {
        if let Value::Object(child) = child {
            refine_object(child);
        }
    });
    fold_variants(schema);
    name_formats_as_kubernetes(schema);
    describe_default(schema);
    unwrap_lines(schema);
}

fn for_each_child(schema: &mut Map<String, Value>, visit: &mut dyn FnMut(&mut Value)) {
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.values_mut().for_each(&mut *visit);
    }
    for key in ["items", "additionalProperties"] {
        if let Some(child) = schema.get_mut(key) {
            visit(child);
        }
    }
}

/// Converts `Option<T>` to `T`: in Kubernetes an optional value is absent, not null.
fn drop_null(schema: &mut Map<String, Value>) {
    schema.remove("nullable");
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".into(), only);
        }
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    let Some(Value::Object(inner)) = only_branch_besides_null(schema) else { return };
    schema.remove("anyOf");
    for (key, value) in inner {
        schema.entry(key).or_insert(value);
    }
}

fn only_branch_besides_null(schema: &Map<String, Value>) -> Option<Value> {
    let branches = schema.get("anyOf")?.as_array()?;
    let is_null = |branch: &&Value| branch.get("type") == Some(&json!("null"));
    let others: Vec<&Value> = branches.iter().filter(|branch| !is_null(branch)).collect();
    match others[..] {
        [only] if branches.len() == 2 => Some(only.clone()),
        _ => None,
    }
}

/// Turns a list of described constants into `enum`, and their descriptions into a list at the end of the
/// field's own.
fn fold_variants(schema: &mut Map<String, Value>) {
    let Some(Value::Array(variants)) = schema.get("oneOf") else { return };
    let constants: Option<Vec<(Value, String)>> = variants.iter().map(constant).collect();
    let Some(constants) = constants else { return };
    let mut description = schema.get("description").and_then(Value::as_str).unwrap_or_default().to_owned();
    for (value, text) in &constants {
        let (value, text) = (value.as_str().unwrap_or_default(), text.replace('\n', " "));
        description = format!("{description}\n\n`{value}`: {text}");
    }
    schema.remove("oneOf");
    schema.insert("type".into(), json!("string"));
    schema.insert("enum".into(), constants.into_iter().map(|(value, _)| value).collect());
    schema.insert("description".into(), json!(description));
}

fn constant(variant: &Value) -> Option<(Value, String)> {
    let value = variant.get("const").or_else(|| variant.get("enum")?.get(0))?;
    Some((value.clone(), variant.get("description")?.as_str()?.to_owned()))
}

/// Replaces unsigned formats, of which Kubernetes warns.
fn name_formats_as_kubernetes(schema: &mut Map<String, Value>) {
    let format = match schema.get("format").and_then(Value::as_str) {
        Some("uint8" | "uint16" | "uint32") => "int32",
        Some("uint64") => "int64",
        _ => return,
    };
    schema.insert("format".into(), json!(format));
}

/// Appends the default to the description, unless it follows from the defaults of the inner fields.
fn describe_default(schema: &mut Map<String, Value>) {
    let text = match schema.get("default") {
        Some(Value::String(text)) if !text.is_empty() => text.clone(),
        Some(default @ (Value::Number(_) | Value::Bool(_))) => default.to_string(),
        Some(default @ Value::Object(_)) if *default != inner_defaults(schema) => default.to_string(),
        _ => return,
    };
    if let Some(Value::String(description)) = schema.get_mut("description") {
        *description = format!("{description}\n\nDefault: `{text}`.");
    }
}

fn inner_defaults(schema: &Map<String, Value>) -> Value {
    let mut value = json!({});
    defaults::fill(&mut value, schema);
    value
}

/// Joins the lines of each paragraph of the description.
fn unwrap_lines(schema: &mut Map<String, Value>) {
    if let Some(Value::String(description)) = schema.get_mut("description") {
        let paragraphs: Vec<String> =
            description.split("\n\n").map(|paragraph| paragraph.replace('\n', " ")).collect();
        *description = paragraphs.join("\n\n");
    }
}

/// The longest inner description of a type of Kubernetes, in characters.
const BRIEF_CHARACTERS: usize = 80;

/// The levels of fields below a type of Kubernetes that are described. `kubectl explain pod.spec` has the others.
const DESCRIBED_LEVELS: usize = 2;

/// Keeps the first sentence of the inner descriptions of a type of Kubernetes, or its beginning, and none of those further down: the
/// whole would be most of the definition.
pub(crate) fn brief(schema: &mut Schema) {
    let schema = schema.ensure_object();
    shorten_inner(schema, 1);
    if let Some(Value::Array(branches)) = schema.get_mut("anyOf") {
        for branch in branches.iter_mut().filter_map(Value::as_object_mut) {
            shorten_inner(branch, 1);
        }
    }
}

/// Shortens the descriptions of the inner fields, which are at `level`. Items of a list are at the level of the list.
fn shorten_inner(schema: &mut Map<String, Value>, level: usize) {
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        for property in properties.values_mut().filter_map(Value::as_object_mut) {
            shorten_description(property, level);
            shorten_inner(property, level + 1);
        }
    }
    for key in ["items", "additionalProperties"] {
        if let Some(Value::Object(child)) = schema.get_mut(key) {
            shorten_description(child, level);
            shorten_inner(child, level);
        }
    }
}

fn shorten_description(schema: &mut Map<String, Value>, level: usize) {
    if level > DESCRIBED_LEVELS {
        schema.remove("description");
    }
    let Some(Value::String(description)) = schema.get_mut("description") else { return };
    let end =
        description.find(". ").or_else(|| description.find(".\n")).map_or(description.len(), |dot| dot + 1);
    description.truncate(end);
    if let Some((end, _)) = description.char_indices().nth(BRIEF_CHARACTERS) {
        let end = description[..end].rfind(' ').unwrap_or(end);
        description.truncate(end);
        description.push('…');
    }
}

#[cfg(test)]
mod tests {
    use schemars::{JsonSchema, generate::SchemaSettings, json_schema};
    use serde::Serialize;

    use super::*;

    /// A part.
    #[derive(Default, Serialize, JsonSchema)]
    #[serde(default)]
    struct Part {
        /// How many
        /// there are.
        count: u16,
        /// Its shape.
        #[serde(skip_serializing_if = "Option::is_none")]
        shape: Option<Shape>,
        /// Its inner part.
        #[serde(skip_serializing_if = "Option::is_none")]
        inner: Option<Inner>,
    }

    #[expect(dead_code, reason = "only its schema is used")]
    #[derive(Serialize, JsonSchema)]
    enum Shape {
        /// Like a
        /// ball.
        Round,
        /// Like a die.
        Square,
    }

    #[derive(Default, Serialize, JsonSchema)]
    #[serde(default)]
    struct Inner {
        /// Its weight.
        weight: Option<i64>,
    }

    fn refined() -> Value {
        let settings = SchemaSettings::openapi3().with(|settings| settings.inline_subschemas = true);
        let mut generator = settings.into_generator();
        let mut schema = Part::json_schema(&mut generator);
        refine(&mut schema);
        schema.to_value()["properties"].clone()
    }

    #[test]
    fn number_has_a_format_of_kubernetes_and_its_default_in_the_description() {
        let count = &refined()["count"];
        assert_eq!(count["format"], "int32");
        assert_eq!(count["description"], "How many there are.\n\nDefault: `0`.");
    }

    #[test]
    fn optional_enum_is_a_list_of_words_that_the_description_explains() {
        let shape = &refined()["shape"];
        assert_eq!((&shape["type"], &shape["enum"]), (&json!("string"), &json!(["Round", "Square"])));
        assert_eq!(shape["description"], "Its shape.\n\n`Round`: Like a ball.\n\n`Square`: Like a die.");
        assert_eq!((shape.get("oneOf"), shape.get("anyOf")), (None, None));
    }

    #[test]
    fn optional_part_is_a_part() {
        let inner = &refined()["inner"];
        assert_eq!(inner["type"], "object");
        assert_eq!(inner["description"], "Its inner part.");
        assert_eq!(inner["properties"]["weight"]["type"], "integer");
    }

    #[test]
    fn choice_between_two_types_stays() {
        let mut schema = json_schema!({"anyOf": [{"type": "integer"}, {"type": "string"}]});
        refine(&mut schema);
        assert_eq!(schema.to_value(), json!({"anyOf": [{"type": "integer"}, {"type": "string"}]}));
    }

    #[test]
    fn borrowed_type_keeps_the_first_sentence_of_two_levels_of_descriptions() {
        let third = json!({"description": "Below", "type": "string"});
        let second = json!({"description": "Its value", "properties": {"third": third}});
        let mut schema = json_schema!({
            "description": "All of it. Stays.",
            "properties": {
                "key": {"description": "The key. It is long.", "items": {"description": "One key", "properties": {"second": second}}},
            },
        });
        brief(&mut schema);
        let schema = schema.to_value();
        assert_eq!(schema["description"], "All of it. Stays.");
        let key = &schema["properties"]["key"];
        assert_eq!(key["description"], "The key.");
        assert_eq!(key["items"]["description"], "One key");
        let second = &key["items"]["properties"]["second"];
        assert_eq!(second["description"], "Its value");
        assert_eq!(second["properties"]["third"], json!({"type": "string"}));
    }
}
