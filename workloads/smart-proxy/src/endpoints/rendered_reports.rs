//! The renderer of templates: texts and reports in, rendered texts out. It needs no identity: it has no data of its own.

use std::{collections::BTreeMap, sync::Arc};

use axum::extract::State;
use ccx_config::Escaping;
use ccx_http::{Json, JsonBody, RequestError};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{api::Api, error::ApiError, query::Query, renderer::render_report};

/// Texts, and the reports to render them for.
#[derive(Deserialize, ToSchema)]
pub(crate) struct RenderRequest {
    /// The texts of rules, in the form of the content service.
    #[schema(value_type = Vec<Object>)]
    pub(crate) content: Vec<Value>,
    /// The reports, in the form of the aggregator.
    pub(crate) report_data: ReportData,
}

/// Reports of several clusters.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ReportData {
    /// The clusters.
    #[serde(default)]
    clusters: Vec<String>,
    /// The report of each cluster, as it was received.
    #[schema(value_type = Object)]
    reports: BTreeMap<String, Value>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct RenderedReports {
    clusters: Vec<String>,
    reports: BTreeMap<String, Vec<RenderedHit>>,
}

/// The rendered texts of a hit.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct RenderedHit {
    /// The rule's module.
    pub(crate) rule_id: String,
    /// The error key.
    pub(crate) error_key: String,
    /// The steps that solve the problem.
    pub(crate) resolution: String,
    /// The finding, and its consequences.
    pub(crate) reason: String,
    /// The headline.
    pub(crate) description: String,
}

/// Texts of the hits of reports, rendered with their data.
#[utoipa::path(
    post,
    path = "/rendered_reports",
    params(("escaping" = Option<String>, Query, description = "How data is inserted: `none`, or `markdown` as by the Advisor page.")),
    request_body = RenderRequest,
    responses(
        (status = 200, description = "The texts.", body = RenderedReports),
        (status = 422, description = "The body is no report: `status` says why.", body = Object)
    )
)]
pub(crate) async fn rendered_reports(
    State(api): State<Arc<Api>>,
    query: Query,
    request: Result<JsonBody<RenderRequest>, RequestError>,
) -> Result<Json<RenderedReports>, ApiError> {
    let JsonBody(request) = request.map_err(|source| ApiError::Unprocessable { source })?;
    let (timeout, escaping) = (api.request_timeout, query.escaping()?.unwrap_or(api.escaping));
    // Hundreds of templates may be compiled: too long for a thread that other requests wait for.
    let rendering = tokio::task::spawn_blocking(move || render_all(&request, escaping));
    match tokio::time::timeout(timeout, rendering).await {
        Ok(Ok(rendered)) => Ok(Json::new(&rendered)?),
        Ok(Err(error)) => std::panic::resume_unwind(error.into_panic()),
        Err(_) => Err(RequestError::TimedOut.into()),
    }
}

/// Texts of the hits of reports, rendered with their data.
#[utoipa::path(
    post,
    path = "/v1/rendered_reports",
    params(("escaping" = Option<String>, Query, description = "How data is inserted: `none`, or `markdown` as by the Advisor page.")),
    request_body = RenderRequest,
    responses(
        (status = 200, description = "The texts.", body = RenderedReports),
        (status = 422, description = "The body is no report: `status` says why.", body = Object)
    )
)]
pub(crate) async fn rendered_reports_v1(
    state: State<Arc<Api>>,
    query: Query,
    body: Result<JsonBody<RenderRequest>, RequestError>,
) -> Result<Json<RenderedReports>, ApiError> {
    rendered_reports(state, query, body).await
}

fn render_all(request: &RenderRequest, escaping: Escaping) -> RenderedReports {
    let reports = request.report_data.reports.iter();
    let rendered =
        reports.map(|(cluster, report)| (cluster.clone(), render_report(&request.content, report, escaping)));
    RenderedReports { clusters: request.report_data.clusters.clone(), reports: rendered.collect() }
}
