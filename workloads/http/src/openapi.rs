//! The document about an API, `openapi.json`, from its endpoints: paths and schemas are described beside the handlers, and what follows from a
//! path (its parameters, and the problems that it can answer with) is added here.

use utoipa::{
    PartialSchema as _, ToSchema as _,
    openapi::{
        Components, ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, PathItem, Paths,
        Ref, RefOr, Required, ResponseBuilder, Schema, ServerBuilder,
        path::{Operation, Parameter, ParameterBuilder, ParameterIn},
        response::Response,
        schema::{ArrayBuilder, KnownFormat, Object, ObjectBuilder, SchemaFormat, Type},
    },
};

use crate::{Endpoint, Problem, operations_mut, parameter_names};

/// The facts of an API that its endpoints do not tell.
#[derive(Clone, Copy, Debug)]
pub struct ApiInfo<'a> {
    /// The name of the service.
    pub title: &'a str,
    /// The purpose, a sentence.
    pub description: &'a str,
    /// The path before those of the endpoints.
    pub prefix: &'a str,
}

/// Returns the document of an API; `complete` adds to each operation what follows from its path.
pub fn openapi_document<S>(
    api: ApiInfo<'_>,
    mut components: Components,
    endpoints: Vec<Endpoint<S>>,
    complete: impl Fn(&mut Operation, &str),
) -> OpenApi {
    let mut paths = Paths::new();
    for (schemas, described, _) in endpoints {
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
        .title(api.title)
        .description(Some(api.description))
        .version(env!("CARGO_PKG_VERSION"))
        .license(Some(LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build()));
    let server =
        ServerBuilder::new().url(api.prefix.trim_end_matches('/')).description(Some("This service")).build();
    OpenApiBuilder::new()
        .info(info.build())
        .servers(Some([server]))
        .paths(paths)
        .components(Some(components))
        .build()
}

/// Returns the text of a document, as it is served and committed.
///
/// # Panics
///
/// Never: the document has only text keys.
pub fn openapi_json(document: &OpenApi) -> String {
    let json = serde_json::to_string_pretty(document).expect("the document has only text keys");
    format!("{json}\n")
}

/// Returns components with a response for each status of a problem, which [`add_problems`] refers to.
pub fn problem_components(problems: &[(&str, &str)]) -> Components {
    let mut components = Components::new();
    components.schemas.insert(Problem::name().into_owned(), Problem::schema());
    for (status, description) in problems {
        components.responses.insert((*status).into(), RefOr::T(problem_response(description)));
    }
    components
}

/// Adds responses of [`problem_components`] to an operation.
pub fn add_problems(operation: &mut Operation, statuses: &[&str]) {
    for &status in statuses {
        let reference = RefOr::Ref(Ref::from_response_name(status));
        operation.responses.responses.insert(status.to_owned(), reference);
    }
}

/// Returns the parameters in a path.
///
/// # Panics
///
/// If a parameter has no description here.
pub fn path_parameters(path: &str) -> Vec<RefOr<Parameter>> {
    parameter_names(path).map(|name| RefOr::T(parameter(name, path))).collect()
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

fn parameter(name: &str, path: &str) -> Parameter {
    let (description, schema) = describe(name, path);
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(description))
        .schema(Some(schema))
        .build()
}

fn describe(name: &str, path: &str) -> (&'static str, Schema) {
    let list = |item: Object| ArrayBuilder::new().items(item).build().into();
    let up_to =
        |length, example: &str| text().min_length(Some(1)).max_length(Some(length)).examples([example]);
    let matching =
        |pattern: &str, example: &str| text().pattern(Some(pattern)).examples([example]).build().into();
    match name {
        "org_id" => ("The organisation's number.", organization().into()),
        "cluster" => ("The cluster's id.", uuid().into()),
        "cluster_list" | "clusters" => ("Ids of clusters, separated by commas.", list(uuid())),
        "user_id" => ("The user's id.", up_to(256, "7").build().into()),
        "rule_id" if path.contains("{error_key}") || path.starts_with("/rules/") => {
            ("The rule's module.", matching("^[a-zA-Z_0-9.]+$", "ccx.rules.etcd_quota.report"))
        }
        "error_key" => ("The error key.", matching("^[a-zA-Z_0-9]+$", "ETCD_QUOTA")),
        "rule_id" | "rule_selector" => (
            "The rule's module, a bar and an error key.",
            matching(r"^[a-zA-Z_0-9]+\.[a-zA-Z_0-9.]+\|[a-zA-Z_0-9]+$", "ccx.rules.etcd_quota|ETCD_QUOTA"),
        ),
        "namespace" => {
            ("The namespace's UID.", up_to(256, "6c1c5b0e-7d5d-4d58-8f37-7bb8d0c8e6b5").build().into())
        }
        "organizations" => ("Numbers of organisations, separated by commas.", list(organization())),
        "request_id" => (
            "The id of an archive's upload.",
            up_to(64, "d6dd28a51c4c").pattern(Some("^[a-zA-Z0-9_-]+$")).build().into(),
        ),
        other => unreachable!("the parameter {other} has no description"),
    }
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
        .examples([1])
        .build()
}

fn problem_response(description: &str) -> Response {
    let schema = Ref::from_schema_name(Problem::name());
    let content = ContentBuilder::new().schema(Some(schema)).build();
    ResponseBuilder::new().description(description).content("application/json", content).build()
}
