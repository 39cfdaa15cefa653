//! The documents about the API, from the endpoints: their paths and schemas are described beside their handlers, and what follows
//! from a path (its parameters, who may ask, and the problems that it can answer with) is added here.

use ccx_config::SmartProxy;
use ccx_http::{Endpoint, Problem, operations_mut, parameter_names};
use utoipa::{
    PartialSchema as _, ToSchema as _,
    openapi::{
        Components, ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, PathItem, Paths,
        Ref, RefOr, Required, ResponseBuilder, Schema, SecurityRequirement, ServerBuilder,
        path::{Operation, Parameter, ParameterBuilder, ParameterIn},
        response::Response,
        schema::{ArrayBuilder, KnownFormat, Object, ObjectBuilder, SchemaFormat, Type},
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use crate::{
    api::Documents,
    endpoints::{content_service, renderer, v1, v2},
};

/// The names of the security schemes: a gateway's header, or a token.
const SCHEMES: [&str; 2] = ["identity", "token"];

/// Paths that answer without credentials.
const OPEN_PATHS: [&str; 2] = ["/metrics", "/openapi.json"];

/// Who may ask.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Authenticated,
    Open,
}

impl Documents {
    pub(crate) fn new(settings: &SmartProxy) -> Self {
        let prefix = |version: &str| format!("{}{version}", settings.api_prefix);
        let mut open = content_service();
        open.extend(renderer());
        Self {
            v1: json(&document("insights-results-smart-proxy", &prefix("v1"), v1(), Access::Authenticated))
                .into(),
            v2: json(&document("insights-results-smart-proxy", &prefix("v2"), v2(), Access::Authenticated))
                .into(),
            content: json(&document(
                "insights-content-service",
                &settings.content_api_prefix,
                open,
                Access::Open,
            ))
            .into(),
        }
    }
}

fn json(document: &OpenApi) -> String {
    let json = serde_json::to_string_pretty(document).expect("the document has only text keys");
    format!("{json}\n")
}

fn document<S>(title: &str, prefix: &str, endpoints: Vec<Endpoint<S>>, access: Access) -> OpenApi {
    let mut paths = Paths::new();
    let mut components = components();
    for (schemas, described, _) in endpoints {
        components.schemas.extend(schemas);
        for (path, mut item) in described.paths {
            for operation in operations_mut(&mut item) {
                complete(operation, &path, access);
            }
            merge(&mut paths, path, item);
        }
    }
    let info = InfoBuilder::new()
        .title(title)
        .description(Some("Findings of the rules in the data of OpenShift clusters, with their texts."))
        .version(env!("CARGO_PKG_VERSION"))
        .license(Some(LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build()));
    let server =
        ServerBuilder::new().url(prefix.trim_end_matches('/')).description(Some("This service")).build();
    OpenApiBuilder::new()
        .info(info.build())
        .servers(Some([server]))
        .paths(paths)
        .components(Some(components))
        .build()
}

/// Two endpoints may have the same path and different methods.
fn merge(paths: &mut Paths, path: String, item: PathItem) {
    match paths.paths.get_mut(&path) {
        Some(known) => known.merge_operations(item),
        None => {
            paths.paths.insert(path, item);
        }
    }
}

/// Adds what follows from the path.
fn complete(operation: &mut Operation, path: &str, access: Access) {
    let in_path: Vec<RefOr<Parameter>> =
        parameter_names(path).map(|name| RefOr::T(parameter(name, path))).collect();
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
    for status in problems {
        let reference = RefOr::Ref(Ref::from_response_name(status));
        operation.responses.responses.insert(status.to_owned(), reference);
    }
    let requirement = |name| SecurityRequirement::new::<_, [&str; 0], &str>(name, []);
    operation.security = Some(if is_open { vec![] } else { SCHEMES.map(requirement).into() });
}

fn parameter(name: &str, path: &str) -> Parameter {
    let selector = || text().pattern(Some(r"^[a-zA-Z_0-9]+\.[a-zA-Z_0-9.]+\|[a-zA-Z_0-9]+$")).build().into();
    let (description, schema): (&str, Schema) = match name {
        "org_id" => ("The organisation's number.", organization().into()),
        "cluster" => ("The cluster's id.", uuid().into()),
        "cluster_list" => {
            ("Ids of clusters, separated by commas.", ArrayBuilder::new().items(uuid()).build().into())
        }
        "rule_id" if path.contains("{error_key}") || path.starts_with("/rules/") => {
            ("The rule's module.", text().pattern(Some("^[a-zA-Z_0-9.]+$")).build().into())
        }
        "error_key" => ("The error key.", text().pattern(Some("^[a-zA-Z_0-9]+$")).build().into()),
        "rule_id" | "rule_selector" => ("The rule's module, a bar and an error key.", selector()),
        "namespace" => {
            ("The namespace's UID.", text().min_length(Some(1)).max_length(Some(256)).build().into())
        }
        "request_id" => (
            "The id of an archive's upload.",
            text().min_length(Some(1)).max_length(Some(64)).pattern(Some("^[a-zA-Z0-9_-]+$")).build().into(),
        ),
        other => unreachable!("the parameter {other} has no description"),
    };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(description))
        .schema(Some(schema))
        .build()
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn uuid() -> Object {
    let examples = ["34c3ecc5-624a-49a5-bab8-4fdc5e51a266"];
    text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid))).examples(examples).build()
}

fn organization() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(Some(1))
        .maximum(Some(2_147_483_647))
        .build()
}

fn components() -> Components {
    let mut components = Components::new();
    let description = "Base64 of JSON with the caller's organisation in `identity.org_id`, set by a gateway.";
    let header = ApiKeyValue::with_description("x-rh-identity", description);
    components.add_security_scheme(SCHEMES[0], SecurityScheme::ApiKey(ApiKey::Header(header)));
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("The token of a cluster, of a person, or of a user of the Kubernetes cluster."));
    components.add_security_scheme(SCHEMES[1], SecurityScheme::Http(bearer.build()));
    components.schemas.insert(Problem::name().into_owned(), Problem::schema());
    for (status, description) in [
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
    ] {
        components.responses.insert(status.into(), RefOr::T(problem_response(description)));
    }
    components
}

fn problem_response(description: &str) -> Response {
    let schema = Ref::from_schema_name(Problem::name());
    let content = ContentBuilder::new().schema(Some(schema)).build();
    ResponseBuilder::new().description(description).content("application/json", content).build()
}

#[cfg(test)]
mod tests;
