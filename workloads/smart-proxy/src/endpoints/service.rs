//! The service itself.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use ccx_http::{DONE, Done, Json, Status, json_response};
use prometheus::{Encoder as _, TextEncoder};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::{Api, Authenticated},
    error::ApiError,
};

/// Stands for a value that the build did not set.
const NOT_SET: &str = "*not set*";

const METRICS_TYPE: &str = "text/plain; version=0.0.4";

#[derive(Serialize, ToSchema)]
pub(crate) struct InfoResponse {
    info: Info,
    status: Status,
}

/// Versions of the service, and of the services that it contains.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Info {
    aggregator: BTreeMap<&'static str, String>,
    content_service: BTreeMap<&'static str, String>,
    smart_proxy: BTreeMap<&'static str, String>,
}

/// Whether the service answers.
#[utoipa::path(get, path = "/", responses((status = 200, description = "It does.", body = Done)))]
pub(crate) async fn root(_: Authenticated) -> Done {
    DONE
}

/// Versions of the service.
#[utoipa::path(get, path = "/info", responses((status = 200, description = "The versions.", body = InfoResponse)))]
pub(crate) async fn info(_: Authenticated) -> Result<Json<InfoResponse>, ApiError> {
    let info = Info { aggregator: versions(), content_service: versions(), smart_proxy: versions() };
    Ok(Json::new(&InfoResponse { info, status: Status::Ok })?)
}

/// Returns the versions of the program, all as text.
pub(super) fn versions() -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("BuildBranch", option_env!("CCX_BUILD_BRANCH").unwrap_or(NOT_SET).to_owned()),
        ("BuildCommit", option_env!("CCX_BUILD_COMMIT").unwrap_or(NOT_SET).to_owned()),
        ("BuildTime", option_env!("CCX_BUILD_TIME").unwrap_or(NOT_SET).to_owned()),
        ("BuildVersion", env!("CARGO_PKG_VERSION").to_owned()),
        ("UtilsVersion", concat!("v", env!("CARGO_PKG_VERSION")).to_owned()),
    ])
}

/// Metrics in Prometheus' text format.
#[utoipa::path(
    get,
    path = "/metrics",
    responses((status = 200, description = "The metrics.", body = String, content_type = "text/plain"))
)]
pub(crate) async fn metrics(State(api): State<Arc<Api>>) -> Result<Response, ApiError> {
    let mut text = Vec::new();
    TextEncoder::new().encode(&api.registry.gather(), &mut text)?;
    Ok(([(header::CONTENT_TYPE, METRICS_TYPE)], text).into_response())
}

/// This document.
#[utoipa::path(get, path = "/openapi.json", responses((status = 200, description = "The document.", body = Object)))]
pub(crate) async fn openapi_v1(State(api): State<Arc<Api>>) -> Response {
    json_response(StatusCode::OK, api.documents.v1.clone().into())
}

/// This document.
#[utoipa::path(get, path = "/openapi.json", responses((status = 200, description = "The document.", body = Object)))]
pub(crate) async fn openapi_v2(State(api): State<Arc<Api>>) -> Response {
    json_response(StatusCode::OK, api.documents.v2.clone().into())
}
