//! The request that clients send most.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use ccx_http::{AnswerCache, Coding, Encoded, InPath, Json, Key, Param, Status, UserId};
use ccx_messages::{ClusterId, OrgId, format_utc_seconds};
use ccx_storage::read::StoredReport;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{api::Api, error::ApiError, hit::Hit, member::Member};

/// The cluster and the user in a path.
#[derive(Deserialize)]
pub(super) struct ReportPath {
    pub(super) cluster: Param<ClusterId>,
    pub(super) user_id: Param<UserId>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ReportResponse {
    report: Report,
    status: Status,
}

/// The latest report of a cluster.
#[derive(Serialize, ToSchema)]
struct Report {
    meta: Meta,
    /// The rules that hit, sorted by rule and key.
    reports: Vec<Hit>,
}

/// The times and the size of a report.
#[derive(Serialize, ToSchema)]
pub(super) struct Meta {
    /// Always empty; the service in front fills it in.
    cluster_name: &'static str,
    /// Number of rules that hit.
    count: usize,
    /// When the archive was announced.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-01-23T16:15:59Z", nullable = false)]
    last_checked_at: Option<String>,
    /// When the cluster gathered the data.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-01-23T16:15:59Z", nullable = false)]
    gathered_at: Option<String>,
}

/// Latest report of a cluster: the rules that hit, with the user's votes and the organisation's disabled rules.
#[utoipa::path(
    get,
    path = "/organizations/{org_id}/clusters/{cluster}/users/{user_id}/report",
    responses((status = 200, description = "The report.", body = ReportResponse))
)]
pub(crate) async fn report(
    member: Member,
    InPath(path): InPath<ReportPath>,
    Coding(coding): Coding,
    State(api): State<Arc<Api>>,
) -> Result<Response, ApiError> {
    let key = Key { org: member.org_id(), cluster: path.cluster.0, user: path.user_id.0, form: 0 };
    let answer = match &api.cache {
        Some(cache) => cached_or_read(&api, cache, key).await?,
        None => read(&api, &key).await?,
    };
    Ok(answer.response(coding))
}

async fn cached_or_read(api: &Api, cache: &AnswerCache, key: Key) -> Result<Arc<Encoded>, ApiError> {
    if let Some(answer) = cache.get(&key) {
        api.metrics.cache_hits.inc();
        return Ok(answer);
    }
    api.metrics.cache_misses.inc();
    let ticket = cache.ticket(key.cluster);
    let answer = read(api, &key).await?;
    if let Some(ticket) = ticket {
        cache.insert(ticket, key, Arc::clone(&answer));
        api.metrics.cache_bytes.set(cache.weight_bytes().cast_signed());
    }
    Ok(answer)
}

async fn read(api: &Api, &Key { org, cluster, ref user, .. }: &Key) -> Result<Arc<Encoded>, ApiError> {
    let stored = api.database.report(org, cluster, user.as_str()).await?;
    let stored = stored.ok_or_else(|| not_found(org, cluster))?;
    let response = ReportResponse { report: stored.into(), status: Status::Ok };
    Ok(Arc::new(Json::new(&response)?.into()))
}

/// Returns the error about a cluster without a report in the organisation.
pub(super) fn not_found(org_id: OrgId, cluster_id: ClusterId) -> ApiError {
    ApiError::NotFound { item: format!("{org_id}/{cluster_id}") }
}

impl From<StoredReport> for Report {
    fn from(stored: StoredReport) -> Self {
        Self { meta: Meta::from(&stored), reports: stored.hits.into_iter().map(Hit::from).collect() }
    }
}

impl From<&StoredReport> for Meta {
    fn from(stored: &StoredReport) -> Self {
        Self {
            cluster_name: "",
            count: stored.hits.len(),
            last_checked_at: stored.last_checked_at.map(format_utc_seconds),
            gathered_at: stored.gathered_at.map(format_utc_seconds),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_without_hits_and_times_has_an_empty_list_and_no_times() {
        let stored =
            StoredReport { last_checked_at: None, gathered_at: None, reported_name: None, hits: vec![] };
        let json = serde_json::to_string(&Report::from(stored)).unwrap();
        assert_eq!(json, r#"{"meta":{"cluster_name":"","count":0},"reports":[]}"#);
    }
}
