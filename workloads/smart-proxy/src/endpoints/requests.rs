//! On-demand gathering: a cluster asks for the result of the archive that it has sent.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use ccx_http::{InPath, Invalid, Json, ListBody, Param, Parameter, Status};
use ccx_messages::ClusterId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::reports::ClusterPath;
use crate::{
    api::{Api, Authenticated},
    asked::Asked,
    error::ApiError,
    model::{GatheringRequest, RequestHit},
};

/// Longest id of a request, in bytes; real ones have 32.
const MAX_REQUEST_ID_BYTES: usize = 64;

/// The status of a processed request.
const PROCESSED: &str = "processed";

#[derive(Deserialize)]
pub(super) struct RequestPath {
    cluster: Param<ClusterId>,
    request_id: Param<RequestId>,
}

/// The id of an archive's upload.
pub(super) struct RequestId(String);

impl Parameter for RequestId {
    fn parse(text: &str) -> Result<Self, Invalid> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if !text.is_empty() && text.len() <= MAX_REQUEST_ID_BYTES && text.bytes().all(is_allowed) {
            return Ok(Self(text.to_owned()));
        }
        Err(Invalid::because("invalid request ID, it must contain only letters, digits, - and _"))
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct RequestsResponse {
    cluster: String,
    requests: Vec<GatheringRequest>,
    status: Status,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct RequestStatusResponse {
    cluster: String,
    #[serde(rename = "requestID")]
    request_id: String,
    /// Always `processed`.
    status: &'static str,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct RequestReportResponse {
    cluster: String,
    report: Vec<RequestHit>,
    #[serde(rename = "requestID")]
    request_id: String,
    /// Always `processed`.
    status: &'static str,
}

/// Processed requests of a cluster.
#[utoipa::path(
    get,
    path = "/cluster/{cluster}/requests",
    responses((status = 200, description = "The requests.", body = RequestsResponse))
)]
pub(crate) async fn requests(
    asked: Asked,
    InPath(path): InPath<ClusterPath>,
    State(api): State<Arc<Api>>,
) -> Result<Response, ApiError> {
    let cluster = path.cluster.0;
    let answering = async {
        let requests = api.public.requests(&asked.caller, cluster).await?;
        if requests.is_empty() {
            return Err(ApiError::NoRequest);
        }
        Ok(RequestsResponse { cluster: cluster.to_string(), requests, status: Status::Ok })
    };
    asked.answer(&api, answering).await
}

/// State of the requests in the body.
#[utoipa::path(
    post,
    path = "/cluster/{cluster}/requests",
    request_body = Vec<String>,
    responses((status = 200, description = "The requests.", body = RequestsResponse))
)]
pub(crate) async fn requests_by_id(
    Authenticated(caller): Authenticated,
    InPath(path): InPath<ClusterPath>,
    State(api): State<Arc<Api>>,
    ListBody(ids): ListBody<String>,
) -> Result<Json<RequestsResponse>, ApiError> {
    let cluster = path.cluster.0;
    let requests = api.public.requests_by_id(&caller, cluster, &ids).await?;
    let response = RequestsResponse { cluster: cluster.to_string(), requests, status: Status::Ok };
    Ok(Json::new(&response)?)
}

/// Whether a request is processed.
#[utoipa::path(
    get,
    path = "/cluster/{cluster}/request/{request_id}/status",
    responses((status = 200, description = "It is.", body = RequestStatusResponse))
)]
pub(crate) async fn request_status(
    asked: Asked,
    InPath(path): InPath<RequestPath>,
    State(api): State<Arc<Api>>,
) -> Result<Response, ApiError> {
    let (cluster, RequestId(request_id)) = (path.cluster.0, path.request_id.0);
    let answering = async {
        api.public.require_processed(&asked.caller, cluster, &request_id).await?;
        Ok(RequestStatusResponse {
            cluster: cluster.to_string(),
            request_id: request_id.clone(),
            status: PROCESSED,
        })
    };
    asked.answer(&api, answering).await
}

/// Result of a request.
#[utoipa::path(
    get,
    path = "/cluster/{cluster}/request/{request_id}/report",
    responses((status = 200, description = "The result.", body = RequestReportResponse))
)]
pub(crate) async fn request_report(
    asked: Asked,
    InPath(path): InPath<RequestPath>,
    State(api): State<Arc<Api>>,
) -> Result<Response, ApiError> {
    let (cluster, RequestId(request_id)) = (path.cluster.0, path.request_id.0);
    let answering = async {
        let report = api.public.request_report(&asked.caller, cluster, &request_id).await?.report;
        let (cluster, request_id) = (cluster.to_string(), request_id.clone());
        Ok(RequestReportResponse { cluster, report, request_id, status: PROCESSED })
    };
    asked.answer(&api, answering).await
}
