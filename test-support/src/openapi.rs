//! Comparison of answers with a document in `OpenAPI` 3.1.

use serde_json::{Value, json};

/// An operation of a document.
#[derive(Clone, Copy)]
pub struct Operation<'a> {
    document: &'a Value,
    operation: &'a Value,
}

impl<'a> Operation<'a> {
    /// Finds the operation of a path, which is relative to the document's server and may have a query. The method is in any case.
    pub fn find(document: &'a Value, method: &str, path: &str) -> Option<Self> {
        let path = path.split('?').next()?;
        let has_shape = |template: &str| {
            let (parts, asked) = (template.split('/'), path.split('/'));
            parts.clone().count() == asked.clone().count()
                && parts.zip(asked).all(|(part, asked)| part.starts_with('{') || part == asked)
        };
        let templates = document["paths"].as_object()?.iter().filter(|(template, _)| has_shape(template));
        let (_, item) = templates.min_by_key(|(template, _)| template.matches('{').count())?;
        Some(Self { document, operation: item.get(method.to_ascii_lowercase())? })
    }

    /// Fails unless the status of an answer is described, and its body has the described schema.
    pub fn check(&self, status: u16, body: &str) -> Result<(), String> {
        let response = resolve(self.document, &self.operation["responses"][status.to_string()]);
        if !response.is_object() {
            return Err(format!("status {status} is not described"));
        }
        let schema = &response["content"]["application/json"]["schema"];
        if !schema.is_object() {
            return Ok(());
        }
        // References are relative to the root of the document.
        let rooted = json!({ "allOf": [schema], "components": self.document["components"] });
        let validator = jsonschema::options()
            .with_draft(jsonschema::Draft::Draft202012)
            .should_validate_formats(true)
            .build(&rooted)
            .map_err(|error| error.to_string())?;
        let body: Value = serde_json::from_str(body).map_err(|error| error.to_string())?;
        let errors = validator.iter_errors(&body);
        let problems: Vec<String> =
            errors.map(|error| format!("{error} at {}", error.instance_path())).collect();
        if problems.is_empty() { Ok(()) } else { Err(problems.join("; ")) }
    }
}

fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(reference) => {
            document.pointer(reference.trim_start_matches('#')).expect("a reference in the document")
        }
        None => value,
    }
}
