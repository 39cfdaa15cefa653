//! `openapi.json`, from the endpoints: their paths and schemas are described beside their handlers, and what follows from a path
//! (its parameters, who may ask, and the problems that it can answer with) is added here.

use ccx_config::Authentication;
use ccx_http::{Problem, operations_mut, parameter_names};
use utoipa::{
    PartialSchema as _, ToSchema as _,
    openapi::{
        Components, ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, PathItem, Paths,
        Ref, RefOr, Required, ResponseBuilder, Schema, SecurityRequirement, ServerBuilder,
        path::{Operation, Parameter, ParameterBuilder, ParameterIn},
        response::Response,
        schema::{ArrayBuilder, KnownFormat, ObjectBuilder, SchemaFormat, Type},
        security::{ApiKey, ApiKeyValue, SecurityScheme},
    },
};

use crate::endpoints::{Operations, endpoints};

/// The name of the security scheme.
const IDENTITY: &str = "identity";

/// Paths that answer without an identity.
const OPEN_PATHS: [&str; 2] = ["/metrics", "/openapi.json"];

/// Returns the document of the API below `prefix`, as JSON.
pub(crate) fn openapi(prefix: &str, operations: Operations, authentication: Authentication) -> String {
    let mut document = document(prefix, operations);
    if authentication == Authentication::None {
        without_security(&mut document);
    }
    let json = serde_json::to_string_pretty(&document).expect("the document has only text keys");
    format!("{json}\n")
}

/// Returns the document of the API below `prefix`.
pub(crate) fn document(prefix: &str, operations: Operations) -> OpenApi {
    let mut paths = Paths::new();
    let mut components = components();
    for (schemas, described, _) in endpoints(operations) {
        components.schemas.extend(schemas);
        for (path, mut item) in described.paths {
            // Only one path calls it so, and only in texts and metrics: clients generated from this document know one name.
            let path = path.replace("{organization}", "{org_id}");
            for operation in operations_mut(&mut item) {
                complete(operation, &path);
            }
            merge(&mut paths, path, item);
        }
    }
    let info = InfoBuilder::new()
        .title("insights-results-aggregator")
        .description(Some("Findings of the rules in the data of OpenShift clusters."))
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

/// Where a gateway authenticates, no request needs an identity.
fn without_security(document: &mut OpenApi) {
    for item in document.paths.paths.values_mut() {
        for operation in operations_mut(item) {
            operation.security = Some(vec![]);
        }
    }
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
fn complete(operation: &mut Operation, path: &str) {
    let parameters: Vec<RefOr<Parameter>> =
        parameter_names(path).map(|name| RefOr::T(parameter(name, path))).collect();
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
    for status in problems {
        let reference = RefOr::Ref(Ref::from_response_name(status));
        operation.responses.responses.insert(status.to_owned(), reference);
    }
    let requirement = SecurityRequirement::new::<_, [&str; 0], &str>(IDENTITY, []);
    operation.security = Some(if is_open { vec![] } else { vec![requirement] });
}

fn parameter(name: &str, path: &str) -> Parameter {
    let (description, schema): (&str, Schema) = match name {
        "org_id" => ("The organisation's number.", organization().into()),
        "cluster" => ("The cluster's id.", uuid().into()),
        "cluster_list" | "clusters" => {
            ("Ids of clusters, separated by commas.", ArrayBuilder::new().items(uuid()).build().into())
        }
        "user_id" => {
            let schema = text().min_length(Some(1)).max_length(Some(256)).examples(["7"]);
            ("The user's id.", schema.build().into())
        }
        "rule_id" if path.contains("{error_key}") => {
            let schema = text().pattern(Some("^[a-zA-Z_0-9.]+$")).examples(["ccx.rules.etcd_quota.report"]);
            ("The rule's module.", schema.build().into())
        }
        "error_key" => {
            let schema = text().pattern(Some("^[a-zA-Z_0-9]+$")).examples(["ETCD_QUOTA"]);
            ("The error key.", schema.build().into())
        }
        "rule_id" | "rule_selector" => {
            let pattern = r"^[a-zA-Z_0-9]+\.[a-zA-Z_0-9.]+\|[a-zA-Z_0-9]+$";
            let schema = text().pattern(Some(pattern)).examples(["ccx.rules.etcd_quota|ETCD_QUOTA"]);
            ("The rule's module, a bar and an error key.", schema.build().into())
        }
        "namespace" => {
            let examples = ["6c1c5b0e-7d5d-4d58-8f37-7bb8d0c8e6b5"];
            let schema = text().min_length(Some(1)).max_length(Some(256)).examples(examples);
            ("The namespace's UID.", schema.build().into())
        }
        "organizations" => (
            "Numbers of organisations, separated by commas.",
            ArrayBuilder::new().items(organization()).build().into(),
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

fn uuid() -> utoipa::openapi::Object {
    let examples = ["34c3ecc5-624a-49a5-bab8-4fdc5e51a266"];
    text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid))).examples(examples).build()
}

fn organization() -> utoipa::openapi::Object {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(Some(1))
        .maximum(Some(2_147_483_647))
        .examples([1])
        .build()
}

fn components() -> Components {
    let mut components = Components::new();
    let description = "Base64 of JSON with the caller's organisation in `identity.org_id`; required unless the service is \
                       configured to trust the gateway in front of it.";
    let header = ApiKeyValue::with_description("x-rh-identity", description);
    components.add_security_scheme(IDENTITY, SecurityScheme::ApiKey(ApiKey::Header(header)));
    components.schemas.insert(Problem::name().into_owned(), Problem::schema());
    for (status, description) in [
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
