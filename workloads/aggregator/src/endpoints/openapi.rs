use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};

use crate::api::Api;
use ccx_http::json_response;

/// This document.
#[utoipa::path(get, path = "/openapi.json", responses((status = 200, description = "The document.", body = Object)))]
pub(crate) async fn openapi(State(api): State<Arc<Api>>) -> Response {
    json_response(StatusCode::OK, api.openapi.clone().into())
}
