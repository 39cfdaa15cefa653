//! Validates a resource as the API server does, offline.
//!
//! The order is the server's: defaults are filled in, then the structure is checked, then the CEL rules run.

pub(crate) mod defaults;
mod structure;
#[cfg(test)]
mod tests;

use std::{fmt, sync::LazyLock};

use kube::{
    CustomResourceExt, Resource,
    core::cel::{self, CompiledSchema, ValidationError},
};
use serde_json::{Map, Value, json};

use crate::CcxPipeline;

/// A violation of the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The field, such as `spec.kafka.bootstrapServers[0]`; empty for the whole object.
    pub path: String,
    /// The problem, or the advice.
    pub message: String,
}

/// A resource that the API server would refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The violations; never empty.
    pub violations: Vec<Violation>,
}

/// Returns the resource in `document`, with all defaults, if the API server would accept it.
///
/// `old` is what the resource was before; with it, changes are judged too.
pub fn accept(document: &Value, old: Option<&Value>) -> Result<CcxPipeline, Refused> {
    let violations = validate(document, old);
    if !violations.is_empty() {
        return Err(Refused { violations });
    }
    serde_json::from_value(with_defaults(document)).map_err(|error| Refused {
        violations: vec![Violation { path: String::new(), message: error.to_string() }],
    })
}

/// Returns the problems of the resource in `document`, as the API server would report them.
///
/// `old` is what the resource was before; with it, changes are judged too.
pub fn validate(document: &Value, old: Option<&Value>) -> Vec<Violation> {
    let document = with_defaults(document);
    let mut violations = structure::check(&document, schema());
    check_identity(&document, &mut violations);
    if violations.is_empty() {
        violations = check_rules(&document, old.map(with_defaults).as_ref());
    }
    violations
}

/// Returns `document` as the API server would store it, with all defaults.
pub fn with_defaults(document: &Value) -> Value {
    let mut document = document.clone();
    defaults::fill(&mut document, schema());
    document
}

/// Checks the identity, as the API server does for every kind.
fn check_identity(document: &Value, violations: &mut Vec<Violation>) {
    let expected = [("apiVersion", CcxPipeline::api_version(&())), ("kind", CcxPipeline::kind(&()))];
    for (field, value) in expected {
        if document.get(field) != Some(&json!(value)) {
            violations.push(Violation { path: field.into(), message: format!("write {value}") });
        }
    }
    if !document.pointer("/metadata/name").is_some_and(Value::is_string) {
        violations
            .push(Violation { path: "metadata.name".into(), message: "give the resource a name".into() });
    }
}

fn check_rules(document: &Value, old: Option<&Value>) -> Vec<Violation> {
    static RULES: LazyLock<CompiledSchema> =
        LazyLock::new(|| cel::compile_schema(&Value::Object(schema().clone())));
    match cel::validate_compiled(&RULES, document, old) {
        Ok(()) => Vec::new(),
        Err(errors) => errors.into_iter().map(Violation::from).collect(),
    }
}

/// Returns the schema of the only version.
fn schema() -> &'static Map<String, Value> {
    static SCHEMA: LazyLock<Map<String, Value>> = LazyLock::new(|| {
        let definition = json!(CcxPipeline::crd());
        let schema = definition.pointer("/spec/versions/0/schema/openAPIV3Schema");
        schema.and_then(Value::as_object).expect("a derived definition has one version with a schema").clone()
    });
    &SCHEMA
}

impl From<ValidationError> for Violation {
    fn from(error: ValidationError) -> Self {
        // The path of a rule of the whole resource begins with a dot.
        Self { path: error.field_path.trim_start_matches('.').to_owned(), message: error.message }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(formatter, "{}: ", self.path)?;
        }
        formatter.write_str(&self.message)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let violations: Vec<String> = self.violations.iter().map(Violation::to_string).collect();
        formatter.write_str(&violations.join("\n"))
    }
}

impl std::error::Error for Refused {}
