//! The report with its texts, for clients without a service in front that joins them.

use std::sync::Arc;

use axum::extract::State;
use ccx_http::{InPath, Json, Status};
use serde::Serialize;
use utoipa::ToSchema;

use super::report::{self, Meta, ReportPath};
use crate::{api::Api, error::ApiError, member::Member, recommendation::Recommendation};

#[derive(Serialize, ToSchema)]
pub(crate) struct RecommendationsResponse {
    report: Recommendations,
    status: Status,
}

/// The latest report of a cluster with its texts.
#[derive(Serialize, ToSchema)]
struct Recommendations {
    meta: Meta,
    data: Vec<Recommendation>,
}

/// Latest report of a cluster with the severity, reason and resolution of each rule that hit.
#[utoipa::path(
    get,
    path = "/organizations/{org_id}/clusters/{cluster}/users/{user_id}/recommendations",
    responses((status = 200, description = "The recommendations.", body = RecommendationsResponse))
)]
pub(crate) async fn recommendations(
    member: Member,
    InPath(path): InPath<ReportPath>,
    State(api): State<Arc<Api>>,
) -> Result<Json<RecommendationsResponse>, ApiError> {
    let (org_id, cluster_id) = (member.org_id(), path.cluster.0);
    let stored = api.database.report(org_id, cluster_id, path.user_id.0.as_str()).await?;
    let stored = stored.ok_or_else(|| report::not_found(org_id, cluster_id))?;
    let texts = api.content.get();
    // Hundreds of templates may be rendered: too long for a thread that other requests wait for.
    let rendered = tokio::task::spawn_blocking(move || {
        let meta = Meta::from(&stored);
        let data = stored.hits.into_iter().map(|hit| Recommendation::new(hit, &texts)).collect();
        Json::new(&RecommendationsResponse { report: Recommendations { meta, data }, status: Status::Ok })
    });
    match rendered.await {
        Ok(response) => Ok(response?),
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
