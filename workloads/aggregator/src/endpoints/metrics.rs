use std::sync::Arc;

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};

use crate::{api::Api, error::ApiError};

const CONTENT_TYPE: &str = "text/plain; version=0.0.4";

/// Metrics in Prometheus' text format.
#[utoipa::path(
    get,
    path = "/metrics",
    responses((status = 200, description = "The metrics.", body = String, content_type = "text/plain"))
)]
pub(crate) async fn metrics(State(api): State<Arc<Api>>) -> Result<Response, ApiError> {
    let text = api.metrics.encode()?;
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response())
}
