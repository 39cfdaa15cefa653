//! The paths of the service.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};

use crate::{
    api::Api,
    gathering_rules::{Channel, VersionError},
    track::track,
    upload::upload,
};

/// The prefixes of the upload service's paths; the second one is that of old clients.
const PREFIXES: [&str; 2] = ["/api/ingress/v1", "/r/insights/platform/ingress/v1"];

/// The prefix of the gathering rules' paths.
const GATHERING_PREFIX: &str = "/api/gathering";

/// Returns the routes.
pub(crate) fn routes(api: Api) -> Router {
    let mut router = Router::new().route("/", get(alive));
    for prefix in PREFIXES {
        router = router
            .route(prefix, get(alive))
            .route(&format!("{prefix}/"), get(alive))
            .route(&format!("{prefix}/upload"), post(upload))
            .route(&format!("{prefix}/version"), get(version))
            .route(&format!("{prefix}/track/{{request_id}}"), get(track));
    }
    router
        .route(&format!("{GATHERING_PREFIX}/gathering_rules"), get(conditional_rules))
        .route(&format!("{GATHERING_PREFIX}/v1/gathering_rules"), get(conditional_rules))
        .route(&format!("{GATHERING_PREFIX}/v2/{{version}}/gathering_rules"), get(remote_configuration))
        .with_state(api)
}

/// The answer of the original to checks of its liveness.
async fn alive() -> &'static str {
    "lubdub"
}

async fn version() -> Json<Value> {
    Json(json!({ "version": env!("CARGO_PKG_VERSION"), "commit": "" }))
}

async fn conditional_rules(State(api): State<Api>, headers: HeaderMap) -> Response {
    let rules = &api.shared.gathering_rules;
    let channel = rules.channel(&headers);
    count(&api, channel, "v1");
    json_text(rules.current().conditional_rules(channel).to_owned())
}

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
