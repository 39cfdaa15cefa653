//! The stored reports of many clusters.
//!
//! An organisation may have thousands of clusters with a quarter of a megabyte each, so the answer is written while the reports
//! are read, a few at a time. The owners of all clusters are checked before the first byte is sent. If the database fails in
//! between, the answer breaks off, the client sees that it is incomplete, and the metrics count it as failed.

use std::{collections::BTreeMap, sync::Arc};

use axum::{body::Body, extract::State, http::StatusCode, response::Response};
use bytes::Bytes;
use ccx_http::{
    ClusterList, ClusterListBody, ClusterUuid, Failure, InPath, JsonBody, Param, Status, json_response,
};
use ccx_messages::{ClusterId, OrgId};
use futures::{StreamExt as _, stream};
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::{
    api::Api,
    error::ApiError,
    indent::{append_indented, start_line},
    member::MaybeMember,
};

/// Number of reports that are read at once. Real ones have up to 250 kB.
const REPORTS_AT_ONCE: usize = 16;

#[derive(Deserialize)]
pub(super) struct ReportsPath {
    cluster_list: Param<ClusterList>,
}

/// The body of a request for many reports.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ReportsRequest {
    /// Ids of clusters.
    #[serde(default)]
    #[schema(value_type = Option<Vec<ClusterUuid>>)]
    clusters: Option<Vec<String>>,
}

/// The schema of the answer, which is written in parts.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct ReportsResponse {
    /// Each cluster's report, as it was received.
    reports: BTreeMap<String, serde_json::Map<String, serde_json::Value>>,
    /// The clusters whose report follows.
    clusters: Option<Vec<String>>,
    /// The clusters without a report.
    errors: Option<Vec<String>>,
    /// Always empty.
    generated_at: String,
    status: Status,
}

/// Reports of the clusters in the path, as they were received.
#[utoipa::path(
    get,
    path = "/organizations/{org_id}/clusters/{cluster_list}/reports",
    responses((status = 200, description = "The reports.", body = ReportsResponse))
)]
pub(crate) async fn reports(
    member: MaybeMember,
    InPath(path): InPath<ReportsPath>,
    State(api): State<Arc<Api>>,
) -> Result<Response, ApiError> {
    let clusters = path.cluster_list.0.clusters(api.limits.max_clusters)?;
    stream_reports(&api, member.org_id(), clusters).await
}

/// Reports of the clusters in the body, as they were received.
#[utoipa::path(
    post,
    path = "/organizations/{org_id}/clusters/reports",
    request_body = ReportsRequest,
    responses((status = 200, description = "The reports.", body = ReportsResponse))
)]
pub(crate) async fn reports_by_body(
    member: MaybeMember,
    State(api): State<Arc<Api>>,
    JsonBody(body): JsonBody<ReportsRequest>,
) -> Result<Response, ApiError> {
    let ClusterListBody(clusters) = ClusterListBody::parse(&body.clusters.unwrap_or_default(), &api)?;
    stream_reports(&api, member.org_id(), clusters).await
}

/// Answers to a caller without access to the organisation (`None`) as if it had no report. The service that this one replaces
/// checks only whether the clusters belong to the organisation, so that clients know no other answer.
async fn stream_reports(
    api: &Arc<Api>,
    org_id: Option<OrgId>,
    clusters: Vec<ClusterId>,
) -> Result<Response, ApiError> {
    let Some(org_id) = org_id else {
        let answer = answer_without_reports(&clusters);
        return Ok(json_response(StatusCode::OK, Body::from(answer)));
    };
    let has_foreign = api.database.has_cluster_of_other_organization(org_id, &clusters).await?;
    if has_foreign {
        return Err(ApiError::ForeignCluster);
    }
    let mut writer = Writer::new(Arc::clone(api), org_id, clusters);
    // The first part comes before the head of the answer: the status tells when the database is unavailable.
    let first = writer.next().await.transpose()?;
    let rest = stream::unfold(writer, async |mut writer| {
        let part = writer.next().await?;
        Some((part, writer))
    });
    let parts = stream::iter(first.map(Ok)).chain(rest).map(|part| part.map_err(Failure::new));
    Ok(json_response(StatusCode::OK, Body::from_stream(parts)))
}

/// Writes the answer in parts.
struct Writer {
    api: Arc<Api>,
    org_id: OrgId,
    unread: std::vec::IntoIter<ClusterId>,
    found: Vec<ClusterId>,
    missing: Vec<ClusterId>,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Head,
    Reports,
    End,
}

impl Writer {
    fn new(api: Arc<Api>, org_id: OrgId, clusters: Vec<ClusterId>) -> Self {
        let (found, missing) = (Vec::new(), Vec::new());
        Self { api, org_id, unread: clusters.into_iter(), found, missing, stage: Stage::Head }
    }

    /// Returns the next part; `None` after the last one.
    async fn next(&mut self) -> Option<Result<Bytes, ApiError>> {
        let mut out = Vec::new();
        if self.stage == Stage::End {
            return None;
        }
        if self.stage == Stage::Head {
            out.extend_from_slice(HEAD);
            self.stage = Stage::Reports;
        }
        let clusters: Vec<ClusterId> = self.unread.by_ref().take(REPORTS_AT_ONCE).collect();
        if let Err(error) = self.append_reports(&mut out, &clusters).await {
            self.stage = Stage::End;
            return Some(Err(error));
        }
        if self.unread.len() == 0 {
            append_end(&mut out, &self.found, &self.missing);
            self.stage = Stage::End;
        }
        Some(Ok(out.into()))
    }

    async fn append_reports(&mut self, out: &mut Vec<u8>, clusters: &[ClusterId]) -> Result<(), ApiError> {
        if clusters.is_empty() {
            return Ok(());
        }
        let mut stored = self.api.database.raw_reports(self.org_id, clusters).await?;
        for cluster_id in clusters {
            let report = stored.remove(cluster_id);
            // One that is not JSON would make the whole answer invalid.
            let Some(report) = report.filter(|report| serde_json::from_str::<&RawValue>(report).is_ok())
            else {
                self.missing.push(*cluster_id);
                continue;
            };
            if !self.found.is_empty() {
                out.push(b',');
            }
            start_line(out, 2);
            out.extend_from_slice(format!("\"{cluster_id}\": ").as_bytes());
            append_indented(out, &report, 2);
            self.found.push(*cluster_id);
        }
        Ok(())
    }
}

/// The begin of the answer.
const HEAD: &[u8] = b"{\n\t\"reports\": {";

fn answer_without_reports(missing: &[ClusterId]) -> Vec<u8> {
    let mut out = HEAD.to_vec();
    append_end(&mut out, &[], missing);
    out
}

fn append_end(out: &mut Vec<u8>, found: &[ClusterId], missing: &[ClusterId]) {
    if !found.is_empty() {
        start_line(out, 1);
    }
    out.extend_from_slice(b"},\n\t\"clusters\": ");
    append_list(out, found);
    out.extend_from_slice(b",\n\t\"errors\": ");
    append_list(out, missing);
    out.extend_from_slice(b",\n\t\"generated_at\": \"\",\n\t\"status\": \"ok\"\n}");
}

/// An empty list is `null`, as Go's encoder writes it and clients of this endpoint expect it.
fn append_list(out: &mut Vec<u8>, clusters: &[ClusterId]) {
    if clusters.is_empty() {
        out.extend_from_slice(b"null");
        return;
    }
    out.push(b'[');
    for (index, cluster_id) in clusters.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        start_line(out, 2);
        out.extend_from_slice(format!("\"{cluster_id}\"").as_bytes());
    }
    start_line(out, 1);
    out.push(b']');
}
