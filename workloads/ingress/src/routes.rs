//! The paths of the service.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    api::Api,
    gathering_rules::{Channel, VersionError},
    openapi, track, upload,
};

/// The prefixes of the upload service's paths; the second one is that of old clients.
pub(crate) const PREFIXES: [&str; 2] = ["/api/ingress/v1", "/r/insights/platform/ingress/v1"];

/// The prefix of the gathering rules' paths.
pub(crate) const GATHERING_PREFIX: &str = "/api/gathering";

/// Returns the routes.
pub(crate) fn routes(api: Api) -> Router {
    let mut router = Router::new().route("/", get(alive));
    for prefix in PREFIXES {
        router = router
            .route(prefix, get(alive))
            .route(&format!("{prefix}/"), get(alive))
            .nest(prefix, upload_routes().split_for_parts().0);
    }
    router.nest(GATHERING_PREFIX, gathering_routes().split_for_parts().0).with_state(api)
}

/// Returns the paths of the upload service below its prefix, with their description.
pub(crate) fn upload_routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(upload::upload))
        .routes(routes!(version))
        .routes(routes!(track::track))
        .routes(routes!(upload_document))
}

/// Returns the paths of the gathering rules below their prefix, with their description.
pub(crate) fn gathering_routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(conditional_rules))
        .routes(routes!(conditional_rules_v1))
        .routes(routes!(remote_configuration))
        .routes(routes!(gathering_document))
}

/// The answer of the original to checks of its liveness.
async fn alive() -> &'static str {
    "lubdub"
}

/// The release of the service.
#[derive(Serialize, ToSchema)]
struct Version {
    version: &'static str,
    /// Always empty.
    commit: &'static str,
}

/// Release of the service.
#[utoipa::path(get, path = "/version", responses((status = 200, description = "The release.", body = Version)))]
async fn version() -> Json<Version> {
    Json(Version { version: env!("CARGO_PKG_VERSION"), commit: "" })
}

/// Description of this service.
#[utoipa::path(
    get,
    path = "/openapi.json",
    responses((status = 200, description = "The document.", body = serde_json::Value))
)]
async fn upload_document() -> Response {
    json_text(openapi::upload_service().to_owned())
}

/// Description of this service.
#[utoipa::path(
    get,
    path = "/openapi.json",
    responses((status = 200, description = "The document.", body = serde_json::Value))
)]
async fn gathering_document() -> Response {
    json_text(openapi::gathering_service().to_owned())
}

/// Conditional gathering rules, for insights operators before 4.17.
#[utoipa::path(
    get,
    path = "/gathering_rules",
    responses((status = 200, description = "The rules.", body = openapi::ConditionalRules))
)]
async fn conditional_rules(State(api): State<Api>, headers: HeaderMap) -> Response {
    let rules = &api.shared.gathering_rules;
    let channel = rules.channel(&headers);
    count(&api, channel, "v1");
    json_text(rules.current().conditional_rules(channel).to_owned())
}

/// Conditional gathering rules, for insights operators before 4.17.
#[utoipa::path(
    get,
    path = "/v1/gathering_rules",
    responses((status = 200, description = "The rules.", body = openapi::ConditionalRules))
)]
async fn conditional_rules_v1(state: State<Api>, headers: HeaderMap) -> Response {
    conditional_rules(state, headers).await
}

/// Remote configuration of the gathering of a cluster.
#[utoipa::path(
    get,
    path = "/v2/{version}/gathering_rules",
    params(("version" = String, Path, description = "The cluster's OpenShift version.", example = "4.17.3")),
    responses(
        (status = 200, description = "The configuration.", body = openapi::RemoteConfiguration),
        (status = 400, description = "The version is not a version.", body = openapi::GatheringProblem),
        (status = 404, description = "There is no configuration for the version.", body = openapi::GatheringProblem)
    )
)]
async fn remote_configuration(
    State(api): State<Api>,
    Path(version): Path<String>,
    headers: HeaderMap,
) -> Response {
    let rules = &api.shared.gathering_rules;
    let channel = rules.channel(&headers);
    match rules.current().remote_configuration(channel, &version) {
        Ok(configuration) => {
            count(&api, channel, &configuration.version);
            json_text(configuration.json.clone())
        }
        Err(error) => {
            let status = match error {
                VersionError::Invalid { .. } => StatusCode::BAD_REQUEST,
                VersionError::TooOld { .. } => StatusCode::NOT_FOUND,
            };
            (status, Json(json!({ "status": error.to_string() }))).into_response()
        }
    }
}

fn count(api: &Api, channel: Channel, version: &str) {
    api.shared.metrics.count_gathering_rules(channel.as_str(), version);
}

fn json_text(json: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json; charset=utf-8")], json).into_response()
}
