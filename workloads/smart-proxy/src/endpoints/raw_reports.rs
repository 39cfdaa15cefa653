//! The stored reports of many clusters, as they were received.
//!
//! An organisation may have thousands of clusters with a quarter of a megabyte each, so the answer is written while the reports
//! are read, a few at a time. The owners of all clusters are checked before the first byte is sent.

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
    api::{Api, Authenticated},
    error::ApiError,
};

/// Number of reports that are read at once. Real ones have up to 250 kB.
const REPORTS_AT_ONCE: usize = 16;

#[derive(Deserialize)]
pub(super) struct ReportsPath {
    cluster_list: Param<ClusterList>,
}

/// The body of a request for many clusters.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ClustersRequest {
    /// Ids of clusters.
    #[serde(default)]
    #[schema(value_type = Option<Vec<ClusterUuid>>)]
    pub(super) clusters: Option<Vec<String>>,
}

/// The schema of the answer, which is written in parts.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct ReportsResponse {
    /// Each cluster's report, as it was received.
    reports: BTreeMap<String, serde_json::Map<String, serde_json::Value>>,
    /// The clusters whose report is part of the answer.
    clusters: Vec<String>,
    /// The clusters without a report.
    errors: Vec<String>,
    /// Always empty.
    generated_at: String,
    status: Status,
}

/// Reports of the clusters in the path, as they were received.
#[utoipa::path(
    get,
    path = "/clusters/{cluster_list}/reports",
    responses((status = 200, description = "The reports.", body = ReportsResponse))
)]
pub(crate) async fn reports(
    Authenticated(caller): Authenticated,
    InPath(path): InPath<ReportsPath>,
    State(api): State<Arc<Api>>,
) -> Result<Response, ApiError> {
    let clusters = path.cluster_list.0.clusters(ccx_http::BodyLimits::max_clusters(&*api))?;
    api.public.require_own_clusters(&caller, &clusters).await?;
    stream_reports(&api, caller.org_id, clusters).await
}

/// Reports of the clusters in the body, as they were received.
#[utoipa::path(
    post,
    path = "/clusters/reports",
    request_body = ClustersRequest,
    responses((status = 200, description = "The reports.", body = ReportsResponse))
)]
pub(crate) async fn reports_by_body(
    Authenticated(caller): Authenticated,
    State(api): State<Arc<Api>>,
    JsonBody(body): JsonBody<ClustersRequest>,
) -> Result<Response, ApiError> {
    let ClusterListBody(clusters) = ClusterListBody::parse(&body.clusters.unwrap_or_default(), &api)?;
    api.public.require_own_clusters(&caller, &clusters).await?;
    stream_reports(&api, caller.org_id, clusters).await
}

async fn stream_reports(
    api: &Arc<Api>,
    org_id: OrgId,
    clusters: Vec<ClusterId>,
) -> Result<Response, ApiError> {
    let mut writer = Writer {
        api: Arc::clone(api),
        org_id,
        unread: clusters.into_iter(),
        found: Vec::new(),
        missing: Vec::new(),
        has_begun: false,
        has_ended: false,
    };
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
    has_begun: bool,
    has_ended: bool,
}

impl Writer {
    /// Returns the next part; `None` after the last one.
    async fn next(&mut self) -> Option<Result<Bytes, ApiError>> {
        if self.has_ended {
            return None;
        }
        let mut out = if self.has_begun { Vec::new() } else { b"{\"reports\":{".to_vec() };
        self.has_begun = true;
        let clusters: Vec<ClusterId> = self.unread.by_ref().take(REPORTS_AT_ONCE).collect();
        if let Err(error) = self.append_reports(&mut out, &clusters).await {
            self.has_ended = true;
            return Some(Err(error));
        }
        if self.unread.len() == 0 {
            self.append_end(&mut out);
            self.has_ended = true;
        }
        Some(Ok(out.into()))
    }

    async fn append_reports(&mut self, out: &mut Vec<u8>, clusters: &[ClusterId]) -> Result<(), ApiError> {
        let mut reports = self.api.public.database.raw_reports(self.org_id, clusters).await?;
        for cluster in clusters {
            let report = reports.remove(cluster).and_then(|text| RawValue::from_string(text).ok());
            let Some(report) = report else {
                self.missing.push(*cluster);
                continue;
            };
            let comma = if self.found.is_empty() { "" } else { "," };
            out.extend_from_slice(format!("{comma}\"{cluster}\":").as_bytes());
            out.extend_from_slice(report.get().as_bytes());
            self.found.push(*cluster);
        }
        Ok(())
    }

    fn append_end(&self, out: &mut Vec<u8>) {
        let names = |clusters: &[ClusterId]| {
            let names: Vec<String> = clusters.iter().map(|cluster| format!("\"{cluster}\"")).collect();
            names.join(",")
        };
        let (found, missing) = (names(&self.found), names(&self.missing));
        let end = format!(
            "}},\"clusters\":[{found}],\"errors\":[{missing}],\"generated_at\":\"\",\"status\":\"ok\"}}\n"
        );
        out.extend_from_slice(end.as_bytes());
    }
}
