//! `openapi.json`, from the endpoints.

use ccx_config::Authentication;
use ccx_http::{
    ApiInfo, add_problems, openapi_document, openapi_json, operations_mut, path_parameters,
    problem_components,
};
use utoipa::openapi::{
    Components, OpenApi, SecurityRequirement,
    path::Operation,
    security::{ApiKey, ApiKeyValue, SecurityScheme},
};

use crate::endpoints::{Operations, endpoints};

/// The name of the security scheme.
const IDENTITY: &str = "identity";

/// Paths that answer without an identity.
const OPEN_PATHS: [&str; 2] = ["/metrics", "/openapi.json"];

const PROBLEMS: [(&str, &str); 9] = [
    ("400", "A part of the request is wrong, or a cluster of the list belongs to another organisation."),
    ("401", "The caller's identity is missing or can't be read."),
    ("403", "The caller is not a member of the organisation."),
    ("404", "The item does not exist."),
    ("405", "The path exists, but not for this method."),
    ("413", "The body is too large."),
    ("414", "The path is too long."),
    ("500", "The service is at fault."),
    (
        "503",
        "The database is unavailable or too slow; the same request may succeed after `Retry-After` seconds.",
    ),
];

/// Returns the document of the API below `prefix`, as JSON.
pub(crate) fn openapi(prefix: &str, operations: Operations, authentication: Authentication) -> String {
    let mut document = document(prefix, operations);
    if authentication == Authentication::None {
        without_security(&mut document);
    }
    openapi_json(&document)
}

/// Returns the document of the API below `prefix`.
pub(crate) fn document(prefix: &str, operations: Operations) -> OpenApi {
    let api = ApiInfo {
        title: "insights-results-aggregator",
        description: "Findings of the rules in the data of OpenShift clusters.",
        prefix,
    };
    openapi_document(api, components(), endpoints(operations), complete)
}

/// Where a gateway authenticates, no request needs an identity.
fn without_security(document: &mut OpenApi) {
    for item in document.paths.paths.values_mut() {
        for operation in operations_mut(item) {
            operation.security = Some(vec![]);
        }
    }
}

/// Adds what follows from the path.
fn complete(operation: &mut Operation, path: &str) {
    let parameters = path_parameters(path);
    let mut problems = vec!["405", "414"];
    let is_open = OPEN_PATHS.contains(&path);
    if !is_open {
        problems.push("401");
    }
    if !parameters.is_empty() {
        problems.extend(["400", "403", "404", "500", "503"]);
        operation.parameters = Some(parameters);
    }
    if operation.request_body.is_some() {
        problems.push("413");
    }
    add_problems(operation, &problems);
    let requirement = SecurityRequirement::new::<_, [&str; 0], &str>(IDENTITY, []);
    operation.security = Some(if is_open { vec![] } else { vec![requirement] });
}

fn components() -> Components {
    let mut components = problem_components(&PROBLEMS);
    let description = "Base64 of JSON with the caller's organisation in `identity.org_id`; required unless the service is \
                       configured to trust the gateway in front of it.";
    let header = ApiKeyValue::with_description("x-rh-identity", description);
    components.add_security_scheme(IDENTITY, SecurityScheme::ApiKey(ApiKey::Header(header)));
    components
}

#[cfg(test)]
mod tests;
