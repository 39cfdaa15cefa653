//! Checks each answer that a test receives against `openapi.json`, and against the document of the original service where
//! that is present (`CCX_REFERENCE`, or `../shared/reference` beside the checkout).

use std::{fs, path::PathBuf, sync::LazyLock};

use ccx_config::Authentication;
use reqwest::Method;
use serde_json::Value;

use super::test_env::Answered;
use crate::{endpoints::Operations, openapi::openapi};

/// An `OpenAPI` document.
struct Document {
    value: Value,
    prefix: &'static str,
    undescribed: Undescribed,
}

/// The parts of an answer that may be absent from a document.
#[derive(Clone, Copy, PartialEq)]
enum Undescribed {
    Nothing,
    /// The original's document lacks statuses and fields that its program sends, and that lists and maps of Go are null when they
    /// are empty.
    StatusesAndFields,
}

/// The answers that the original's document describes otherwise than its program sends them: objects
/// that are described as another type.
const MISDESCRIBED: [(&str, &str); 3] =
    [("rating", "integer"), ("recommendations", "array"), ("reports", "array")];

static OURS: LazyLock<Document> = LazyLock::new(|| {
    let document = openapi("/api/v1/", Operations::WithDebug, Authentication::XRhIdentity);
    Document {
        value: serde_json::from_str(&document).unwrap(),
        prefix: "/api/v1",
        undescribed: Undescribed::Nothing,
    }
});

static ORIGINAL: LazyLock<Option<Document>> = LazyLock::new(|| {
    let reference = std::env::var_os("CCX_REFERENCE").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/reference")),
        PathBuf::from,
    );
    let text = fs::read_to_string(reference.join("openapi/insights-results-aggregator.openapi.json")).ok()?;
    Some(Document {
        value: serde_json::from_str(&text).unwrap(),
        prefix: "/api/v1",
        undescribed: Undescribed::StatusesAndFields,
    })
});

/// Fails unless the answer of a described operation has a described status, and its JSON the described schema.
pub(crate) fn assert_conforms(method: &Method, path: &str, answer: &Answered) {
    OURS.assert_describes(method, path, answer);
    if let Some(original) = &*ORIGINAL {
        original.assert_describes(method, path, answer);
    }
}

impl Document {
    fn assert_describes(&self, method: &Method, path: &str, answer: &Answered) {
        let Some(operation) = self.operation(method, path) else { return };
        let status = answer.status.as_str();
        let response = self.resolve(&operation["responses"][status]);
        if self.undescribed == Undescribed::Nothing {
            assert!(response.is_object(), "{method} {path}: {status} is not described");
        }
        let schema = &response["content"]["application/json"]["schema"];
        if schema.is_object() {
            let value: Value = serde_json::from_str(&answer.body).unwrap();
            if let Err(problem) = self.check(schema, &value) {
                panic!("{method} {path}: {problem} in {}", answer.body);
            }
        }
    }

    fn operation(&self, method: &Method, path: &str) -> Option<&Value> {
        let path = path.split('?').next()?.strip_prefix(self.prefix)?;
        let has_shape = |template: &str| {
            let (parts, asked) = (template.split('/'), path.split('/'));
            parts.clone().count() == asked.clone().count()
                && parts.zip(asked).all(|(part, asked)| part.starts_with('{') || part == asked)
        };
        let paths = self.value["paths"].as_object()?;
        let (_, item) = paths
            .iter()
            .filter(|(template, _)| has_shape(template))
            .min_by_key(|(template, _)| template.matches('{').count())?;
        item.get(method.as_str().to_ascii_lowercase())
    }

    fn resolve<'document>(&'document self, value: &'document Value) -> &'document Value {
        match value["$ref"].as_str() {
            Some(reference) => self.value.pointer(reference.trim_start_matches('#')).unwrap(),
            None => value,
        }
    }

    fn is_misdescribed(&self, name: &str, described: &Value, member: &Value) -> bool {
        let described = &self.resolve(described)["type"];
        self.undescribed == Undescribed::StatusesAndFields
            && member.is_object()
            && MISDESCRIBED.iter().any(|(field, kind)| *field == name && described == kind)
    }

    /// Checks the keywords of JSON schema that the documents use for answers.
    fn check(&self, schema: &Value, value: &Value) -> Result<(), String> {
        let schema = self.resolve(schema);
        if value.is_null() && self.undescribed == Undescribed::StatusesAndFields {
            return Ok(());
        }
        if let Some(options) = schema["oneOf"].as_array() {
            let matching = options.iter().filter(|option| self.check(option, value).is_ok()).count();
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
                    Some(described) if self.is_misdescribed(name, described, member) => {}
                    Some(described) if described.is_object() => {
                        self.check(described, member).map_err(|problem| format!("{name}: {problem}"))?;
                    }
                    None if schema["properties"].is_object() && self.undescribed == Undescribed::Nothing => {
                        return Err(format!("{name} is not described"));
                    }
                    _ => {}
                }
            }
        }
        for item in value.as_array().into_iter().flatten() {
            self.check(&schema["items"], item)?;
        }
        Ok(())
    }
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
    let schema = &OURS.value["components"]["schemas"]["ReportInfoResponse"];
    let check = |json: &str| OURS.check(schema, &serde_json::from_str(json).unwrap());
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
