//! Predictions of the risks of upgrades.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use ccx_http::{ClusterListBody, InPath, Json, JsonBody, Status, shown};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{raw_reports::ClustersRequest, reports::ClusterPath};
use crate::{
    api::{Api, Authenticated},
    asked::Asked,
    error::ApiError,
};

/// Largest number of clusters in one request for predictions.
const MAX_CLUSTERS: usize = 100;

#[derive(Serialize, ToSchema)]
pub(crate) struct PredictionResponse {
    meta: PredictionMeta,
    status: Status,
    /// `upgrade_recommended`, and the alerts and conditions that speak against an upgrade.
    #[schema(value_type = Object)]
    upgrade_recommendation: Value,
}

/// The age of a prediction.
#[derive(Serialize, ToSchema)]
struct PredictionMeta {
    /// When the data for the prediction was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    last_checked_at: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct PredictionsResponse {
    #[schema(value_type = Vec<Object>)]
    predictions: Vec<Value>,
    status: Status,
}

/// Prediction of the risks of an upgrade of a cluster. Not available without a service that predicts.
#[utoipa::path(
    get,
    path = "/cluster/{cluster}/upgrade-risks-prediction",
    responses((status = 200, description = "The prediction.", body = PredictionResponse))
)]
pub(crate) async fn prediction(
    asked: Asked,
    InPath(path): InPath<ClusterPath>,
    State(api): State<Arc<Api>>,
) -> Result<Response, ApiError> {
    let answering = async {
        api.public.cluster(&asked.caller, path.cluster.0).await?;
        let prediction = api.upgrade_risks.prediction(path.cluster.0).await?;
        let mut prediction = prediction.ok_or(ApiError::NoPrediction)?;
        let last_checked_at = prediction["meta"]["last_checked_at"].as_str().map(str::to_owned);
        let upgrade_recommendation = prediction["upgrade_recommendation"].take();
        Ok(PredictionResponse {
            meta: PredictionMeta { last_checked_at },
            status: Status::Ok,
            upgrade_recommendation,
        })
    };
    asked.answer(&api, answering).await
}

/// Predictions of the risks of upgrades of several clusters. Without a service that predicts, there are none.
#[utoipa::path(
    post,
    path = "/upgrade-risks-prediction",
    request_body = ClustersRequest,
    responses((status = 200, description = "The predictions.", body = PredictionsResponse))
)]
pub(crate) async fn predictions(
    Authenticated(caller): Authenticated,
    State(api): State<Arc<Api>>,
    JsonBody(body): JsonBody<ClustersRequest>,
) -> Result<Json<PredictionsResponse>, ApiError> {
    let ClusterListBody(clusters) = ClusterListBody::parse(&body.clusters.unwrap_or_default(), &api)?;
    if clusters.len() > MAX_CLUSTERS {
        return Err(ApiError::OutOfRange {
            name: "clusters",
            value: shown(&clusters.len().to_string()),
            reason: format!("at most {MAX_CLUSTERS} clusters expected"),
        });
    }
    let own = api.public.own_clusters(&caller, &clusters).await?;
    let predictions = api.upgrade_risks.predictions(&own).await?;
    Ok(Json::new(&PredictionsResponse { predictions, status: Status::Ok })?)
}
