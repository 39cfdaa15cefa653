//! Checks each answer that a test receives against `openapi.json`.

use std::sync::LazyLock;

use ccx_config::Authentication;
use reqwest::Method;
use serde_json::Value;

use super::test_env::Answered;
use crate::{endpoints::Operations, openapi::openapi};

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let document = openapi("/api/v1/", Operations::WithDebug, Authentication::XRhIdentity);
    serde_json::from_str(&document).unwrap()
});

/// Fails unless the answer of a described operation has a described status, and its JSON the described schema.
pub(crate) fn assert_conforms(method: &Method, path: &str, answer: &Answered) {
    let Some(operation) = operation(method, path) else { return };
    let status = answer.status.as_str();
    let response = resolve(&operation["responses"][status]);
    assert!(response.is_object(), "{method} {path}: {status} is not described");
    let schema = &response["content"]["application/json"]["schema"];
    if schema.is_object() {
        let value: Value = serde_json::from_str(&answer.body).unwrap();
        if let Err(problem) = check(schema, &value) {
            panic!("{method} {path}: {problem} in {}", answer.body);
        }
    }
}

fn operation(method: &Method, path: &str) -> Option<&'static Value> {
    let path = path.split('?').next()?.strip_prefix("/api/v1")?;
    let has_shape = |template: &str| {
        let (parts, asked) = (template.split('/'), path.split('/'));
        parts.clone().count() == asked.clone().count()
            && parts.zip(asked).all(|(part, asked)| part.starts_with('{') || part == asked)
    };
    let paths = DOCUMENT["paths"].as_object()?;
    let (_, item) = paths
        .iter()
        .filter(|(template, _)| has_shape(template))
        .min_by_key(|(template, _)| template.matches('{').count())?;
    item.get(method.as_str().to_ascii_lowercase())
}

fn resolve(value: &'static Value) -> &'static Value {
    match value["$ref"].as_str() {
        Some(reference) => DOCUMENT.pointer(reference.trim_start_matches('#')).unwrap(),
        None => value,
    }
}

/// Checks the keywords of JSON schema that the document uses for answers.
fn check(schema: &'static Value, value: &Value) -> Result<(), String> {
    let schema = resolve(schema);
    if let Some(options) = schema["oneOf"].as_array() {
        let matching = options.iter().filter(|option| check(option, value).is_ok()).count();
        return if matching == 1 { Ok(()) } else { Err(format!("{matching} schemas match {value}")) };
    }
    check_type(&schema["type"], value)?;
    if let Some(allowed) = schema["enum"].as_array().filter(|allowed| !allowed.contains(value)) {
        return Err(format!("{value} is not one of {allowed:?}"));
    }
    if let Some(object) = value.as_object() {
        for name in schema["required"].as_array().into_iter().flatten() {
            if !object.contains_key(name.as_str().unwrap()) {
                return Err(format!("{name} is missing"));
            }
        }
        for (name, member) in object {
            let described = schema["properties"].get(name).or(schema.get("additionalProperties"));
            match described {
                Some(described) if described.is_object() => check(described, member)?,
                None if schema["properties"].is_object() => return Err(format!("{name} is not described")),
                _ => {}
            }
        }
    }
    for item in value.as_array().into_iter().flatten() {
        check(&schema["items"], item)?;
    }
    Ok(())
}

fn check_type(expected: &Value, value: &Value) -> Result<(), String> {
    let is_of_type = |name: &Value| match name.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        _ => value.is_object(),
    };
    let is_valid = match expected {
        Value::Null => true,
        Value::Array(names) => names.iter().any(is_of_type),
        name => is_of_type(name),
    };
    if is_valid { Ok(()) } else { Err(format!("{value} is not of type {expected}")) }
}

#[test]
fn answer_that_differs_from_its_schema_is_found() {
    let schema = &DOCUMENT["components"]["schemas"]["ReportInfoResponse"];
    let check = |json: &str| check(schema, &serde_json::from_str(json).unwrap());
    let good = r#"{"metainfo":{"count":1,"last_checked_at":"","stored_at":""},"status":"ok"}"#;
    assert_eq!(check(good), Ok(()));
    for bad in [
        good.replace("\"count\":1,", ""),
        good.replace(":1,", ":\"1\","),
        good.replace("stored_at", "stored"),
        good.replace("ok", "fine"),
    ] {
        assert!(check(&bad).is_err(), "{bad}");
    }
}
