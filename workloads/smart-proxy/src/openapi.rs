//! The documents about the API, from the endpoints.

use ccx_config::SmartProxy;
use ccx_http::{
    ApiInfo, Endpoint, add_problems, openapi_document, openapi_json, path_parameters, problem_components,
};
use utoipa::openapi::{
    Components, OpenApi, SecurityRequirement, Server,
    path::Operation,
    security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
};

use crate::{
    api::Documents,
    endpoints::{content_service, renderer, v1, v2},
};

/// The names of the security schemes: a gateway's header, or a token.
const SCHEMES: [&str; 2] = ["identity", "token"];

/// Paths that answer without credentials.
const OPEN_PATHS: [&str; 2] = ["/metrics", "/openapi.json"];

/// The end of the renderer's paths.
const RENDERER_PATH: &str = "/rendered_reports";

const PROBLEMS: [(&str, &str); 8] = [
    ("400", "A part of the request is wrong."),
    ("403", "The caller is unknown, or may not see the item."),
    ("404", "The item does not exist."),
    ("405", "The path exists, but not for this method."),
    ("413", "The body is too large."),
    ("414", "The path is too long."),
    ("500", "The service is at fault."),
    (
        "503",
        "The database is unavailable, and no earlier answer is known; the same request may succeed after `Retry-After` seconds.",
    ),
];

/// The callers that an API answers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Authenticated,
    Open,
}

impl Documents {
    pub(crate) fn new(settings: &SmartProxy) -> Self {
        let prefix = |version: &str| format!("{}{version}", settings.api_prefix);
        let public = "insights-results-smart-proxy";
        let mut open = content_service();
        open.extend(renderer());
        let mut content =
            document("insights-content-service", &settings.content_api_prefix, open, Access::Open);
        serve_renderer_at_root(&mut content);
        Self {
            v1: openapi_json(&document(public, &prefix("v1"), v1(), Access::Authenticated)).into(),
            v2: openapi_json(&document(public, &prefix("v2"), v2(), Access::Authenticated)).into(),
            content: openapi_json(&content).into(),
        }
    }
}

/// The renderer of templates is a service of its own among the originals, without a prefix.
fn serve_renderer_at_root(content: &mut OpenApi) {
    let renderer = content.paths.paths.iter_mut().filter(|(path, _)| path.ends_with(RENDERER_PATH));
    for operation in renderer.filter_map(|(_, item)| item.post.as_mut()) {
        operation.servers = Some(vec![Server::new("/")]);
    }
}

fn document<S>(title: &str, prefix: &str, endpoints: Vec<Endpoint<S>>, access: Access) -> OpenApi {
    let description = "Findings of the rules in the data of OpenShift clusters, with their texts.";
    let api = ApiInfo { title, description, prefix };
    openapi_document(api, components(), endpoints, |operation, path| complete(operation, path, access))
}

/// Adds what follows from the path.
fn complete(operation: &mut Operation, path: &str, access: Access) {
    let in_path = path_parameters(path);
    let is_open = access == Access::Open || OPEN_PATHS.contains(&path);
    let mut problems = vec!["405", "414"];
    if !is_open {
        problems.extend(["403", "500", "503"]);
    }
    let has_parameters = !in_path.is_empty() || operation.parameters.is_some();
    if has_parameters || operation.request_body.is_some() {
        problems.push("400");
    }
    if !in_path.is_empty() {
        problems.push("404");
    }
    if operation.request_body.is_some() {
        problems.push("413");
    }
    operation.parameters.get_or_insert_default().extend(in_path);
    if operation.parameters.as_ref().is_some_and(Vec::is_empty) {
        operation.parameters = None;
    }
    add_problems(operation, &problems);
    let requirement = |name| SecurityRequirement::new::<_, [&str; 0], &str>(name, []);
    operation.security = Some(if is_open { vec![] } else { SCHEMES.map(requirement).into() });
}

fn components() -> Components {
    let mut components = problem_components(&PROBLEMS);
    let description = "Base64 of JSON with the caller's organisation in `identity.org_id`, set by a gateway.";
    let header = ApiKeyValue::with_description("x-rh-identity", description);
    components.add_security_scheme(SCHEMES[0], SecurityScheme::ApiKey(ApiKey::Header(header)));
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("The token of a cluster, of a person, or of a user of the Kubernetes cluster."));
    components.add_security_scheme(SCHEMES[1], SecurityScheme::Http(bearer.build()));
    components
}

#[cfg(test)]
mod tests;
