//! `openapi.json`, made from the table of endpoints.

pub(crate) mod schema;

use serde_json::{Map, Value, json};

use crate::routes::{Content, Handler, Route, TABLE};

/// The document of the API below `prefix`, as JSON.
pub fn openapi(prefix: &str) -> String {
    let mut paths = Map::new();
    for route in TABLE {
        let path = paths.entry(format!("/{}", route.path)).or_insert_with(|| json!({}));
        path[route.method.as_str().to_ascii_lowercase()] = operation(route);
    }
    let document = json!({
        "openapi": "3.0.3",
        "info": {
            "title": "insights-results-aggregator",
            "description": "What the rules found in the data of OpenShift clusters.",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0" },
        },
        "servers": [{ "url": prefix.trim_end_matches('/'), "description": "This service" }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "identity": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "x-rh-identity",
                    "description": "Base64 of JSON with the caller's organisation in `identity.org_id`; needed unless the service \
                                    is configured to trust what is in front of it.",
                },
            },
            "responses": problems(),
        },
    });
    format!("{document:#}\n")
}

fn operation(route: &Route) -> Value {
    let (responses, security) = match route.handler {
        Handler::Open(_) => (vec!["405"], json!([])),
        Handler::Known(_) => (vec!["401", "405"], json!([{ "identity": [] }])),
        Handler::Members { .. } => {
            (vec!["400", "401", "403", "404", "405", "500", "503"], json!([{ "identity": [] }]))
        }
    };
    let mut operation = json!({
        "operationId": route.operation,
        "summary": route.summary,
        "security": security,
        "responses": { "200": { "description": "The answer.", "content": content(&route.content) } },
    });
    for status in responses {
        operation["responses"][status] = json!({ "$ref": format!("#/components/responses/{status}") });
    }
    let parameters: Vec<Value> = parameter_names(route.path).map(parameter).collect();
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if let Some(body) = route.body {
        operation["requestBody"] =
            json!({ "required": true, "content": { "application/json": { "schema": body() } } });
        operation["responses"]["413"] = json!({ "$ref": "#/components/responses/413" });
    }
    operation
}

fn content(content: &Content) -> Value {
    match content {
        Content::Json(schema) => json!({ "application/json": { "schema": schema() } }),
        Content::Text(content_type) => json!({ *content_type: { "schema": { "type": "string" } } }),
    }
}

/// The names in braces.
pub(crate) fn parameter_names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn parameter(name: &str) -> Value {
    let (description, schema) = match name {
        "org_id" | "organization" => (
            "The organisation's number.",
            json!({ "type": "integer", "format": "int64", "minimum": 1, "maximum": 2_147_483_647 }),
        ),
        "cluster" => ("The cluster's id.", schema::uuid()),
        "cluster_list" => {
            ("Ids of clusters, separated by commas.", json!({ "type": "array", "items": schema::uuid() }))
        }
        "user_id" => ("The user's id.", json!({ "type": "string", "minLength": 1, "maxLength": 256 })),
        "rule_id" => (
            "The rule's module, a bar and an error key.",
            json!({ "type": "string", "pattern": r"^[a-zA-Z_0-9]+\.[a-zA-Z_0-9.]+\|[a-zA-Z_0-9]+$" }),
        ),
        _ => ("", json!({ "type": "string" })),
    };
    json!({ "name": name, "in": "path", "required": true, "description": description, "schema": schema })
}

fn problems() -> Value {
    let problem = |description: &str| {
        let schema =
            schema::object(&json!({ "status": { "type": "string", "description": "What is wrong." } }));
        json!({ "description": description, "content": { "application/json": { "schema": schema } } })
    };
    json!({
        "400": problem("A part of the request is not what it should be, or a cluster of the list is another organisation's."),
        "401": problem("The caller's identity is missing or can't be read."),
        "403": problem("The organisation is not the caller's."),
        "404": problem("There is no such report or rule."),
        "405": { "description": "The path exists, but not for this method." },
        "413": problem("The body is too large."),
        "500": problem("The service is at fault."),
        "503": problem("The database can't be reached or answers too slowly; the same request may succeed later."),
    })
}

#[cfg(test)]
mod tests;
