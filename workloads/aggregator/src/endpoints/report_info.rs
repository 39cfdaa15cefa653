use std::sync::Arc;

use axum::extract::State;
use ccx_http::{InPath, Json, Status};
use ccx_messages::format_utc_seconds;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::report::{self, ReportPath};
use crate::{api::Api, error::ApiError, member::Member};

#[derive(Serialize, ToSchema)]
pub(crate) struct ReportInfoResponse {
    metainfo: ReportInfo,
    status: Status,
}

/// The size and the age of a report. Unknown times are empty here, unlike in the report.
#[derive(Serialize, ToSchema)]
struct ReportInfo {
    /// Number of rules that hit.
    count: i64,
    /// When the archive was announced; empty when unknown.
    #[schema(example = "2026-01-23T16:15:59Z")]
    last_checked_at: String,
    /// When the report was written to the database; empty when unknown.
    #[schema(example = "2026-01-23T16:15:59Z")]
    stored_at: String,
}

/// Size and age of the latest report of a cluster.
#[utoipa::path(
    get,
    path = "/organizations/{org_id}/clusters/{cluster}/users/{user_id}/report/info",
    responses((status = 200, description = "The number of hits and the times.", body = ReportInfoResponse))
)]
pub(crate) async fn report_info(
    member: Member,
    InPath(path): InPath<ReportPath>,
    State(api): State<Arc<Api>>,
) -> Result<Json<ReportInfoResponse>, ApiError> {
    let (org_id, cluster_id) = (member.org_id(), path.cluster.0);
    let stored = api.database.report_info(org_id, cluster_id).await?;
    let stored = stored.ok_or_else(|| report::not_found(org_id, cluster_id))?;
    let metainfo = ReportInfo {
        count: stored.hit_count,
        last_checked_at: format_or_empty(stored.last_checked_at),
        stored_at: format_or_empty(stored.reported_at),
    };
    Ok(Json::new(&ReportInfoResponse { metainfo, status: Status::Ok })?)
}

fn format_or_empty(time: Option<DateTime<Utc>>) -> String {
    time.map(format_utc_seconds).unwrap_or_default()
}
