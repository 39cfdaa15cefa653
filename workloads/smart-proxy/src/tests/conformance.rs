//! Checks each answer that a test receives against the documents about the API.

use std::sync::LazyLock;

use ccx_config::SmartProxy;
use reqwest::Method;
use serde_json::{Value, json};

use super::test_env::{Answered, V1, V2};
use crate::api::Documents;

static DOCUMENTS: LazyLock<[(&str, Value); 2]> = LazyLock::new(|| {
    let documents = Documents::new(&SmartProxy::default());
    [(V1, documents.v1), (V2, documents.v2)]
        .map(|(prefix, text)| (prefix, serde_json::from_slice(&text).unwrap()))
});

/// Fails unless the answer of a described operation has a described status, and its JSON the described schema.
pub(super) fn assert_conforms(method: &Method, path: &str, answer: &Answered) {
    for (prefix, document) in &*DOCUMENTS {
        let Some(path) = path.strip_prefix(prefix) else { continue };
        let Some(operation) = operation(document, method, path) else { continue };
        if let Err(problem) = check(document, operation, answer) {
            panic!("{method} {prefix}{path}: {problem} in {}", answer.body);
        }
    }
}

/// Checks an answer against an operation of a published document.
pub(super) fn check(document: &Value, operation: &Value, answer: &Answered) -> Result<(), String> {
    let status = answer.status.to_string();
    let response = resolve(document, &operation["responses"][&status]);
    if !response.is_object() {
        return Err(format!("status {status} is not described"));
    }
    let schema = &response["content"]["application/json"]["schema"];
    if !schema.is_object() {
        return Ok(());
    }
    // References are relative to the root of the document.
    let rooted = json!({ "allOf": [schema], "components": document["components"] });
    let validator = jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .should_validate_formats(true)
        .build(&rooted)
        .map_err(|error| error.to_string())?;
    let problems: Vec<String> = validator
        .iter_errors(&answer.json())
        .map(|error| format!("{error} at {}", error.instance_path()))
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(problems.join("; ")) }
}

/// Returns the operation of a path below the prefix.
pub(super) fn operation<'a>(document: &'a Value, method: &Method, path: &str) -> Option<&'a Value> {
    let path = path.split('?').next()?;
    let has_shape = |template: &str| {
        let (parts, asked) = (template.split('/'), path.split('/'));
        parts.clone().count() == asked.clone().count()
            && parts.zip(asked).all(|(part, asked)| part.starts_with('{') || part == asked)
    };
    let paths = document["paths"].as_object()?;
    let (_, item) = paths
        .iter()
        .filter(|(template, _)| has_shape(template))
        .min_by_key(|(template, _)| template.matches('{').count())?;
    item.get(method.as_str().to_ascii_lowercase())
}

fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => value,
    }
}

#[test]
fn answer_that_differs_from_its_schema_is_found() {
    let (_, document) = &DOCUMENTS[1];
    let operation = operation(document, &Method::GET, "/clusters").unwrap();
    let check = |status, body: &str| {
        check(
            document,
            operation,
            &Answered { status, headers: reqwest::header::HeaderMap::default(), body: body.into() },
        )
    };
    assert_eq!(check(200, r#"{"data":[],"meta":{"count":0},"status":"ok"}"#), Ok(()));
    for (status, bad) in [
        (200, r#"{"data":null,"meta":{"count":0},"status":"ok"}"#),
        (200, r#"{"data":[{}],"meta":{"count":0},"status":"ok"}"#),
        (200, r#"{"meta":{"count":0},"status":"ok"}"#),
        (418, "{}"),
    ] {
        assert!(check(status, bad).is_err(), "{bad}");
    }
}
