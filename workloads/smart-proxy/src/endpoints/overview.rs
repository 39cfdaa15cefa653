//! The sums over an organisation.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use ccx_http::{ClusterListBody, Json, JsonBody, Status};
use serde::Serialize;
use utoipa::ToSchema;

use super::raw_reports::ClustersRequest;
use crate::{
    api::{Api, Authenticated},
    asked::Asked,
    error::ApiError,
    model::Overview,
};

#[derive(Serialize, ToSchema)]
pub(crate) struct OverviewResponse {
    overview: Overview,
    status: Status,
}

/// Sums over all clusters of the organisation.
#[utoipa::path(get, path = "/org_overview", responses((status = 200, description = "The sums.", body = OverviewResponse)))]
pub(crate) async fn overview(asked: Asked, State(api): State<Arc<Api>>) -> Result<Response, ApiError> {
    let answering = async {
        let overview = api.public.overview(&asked.caller, None).await?;
        Ok(OverviewResponse { overview, status: Status::Ok })
    };
    asked.answer(&api, answering).await
}

/// Sums over the clusters in the body.
#[utoipa::path(
    post,
    path = "/org_overview",
    request_body = ClustersRequest,
    responses((status = 200, description = "The sums.", body = OverviewResponse))
)]
pub(crate) async fn overview_of_clusters(
    Authenticated(caller): Authenticated,
    State(api): State<Arc<Api>>,
    JsonBody(body): JsonBody<ClustersRequest>,
) -> Result<Json<OverviewResponse>, ApiError> {
    let ClusterListBody(clusters) = ClusterListBody::parse(&body.clusters.unwrap_or_default(), &api)?;
    let overview = api.public.overview(&caller, Some(&clusters)).await?;
    Ok(Json::new(&OverviewResponse { overview, status: Status::Ok })?)
}
