//! `GET organizations/{org_id}/clusters/{cluster_list}/reports` and `POST organizations/{org_id}/clusters/reports`: the stored
//! reports of many clusters.
//!
//! An organisation may have thousands of clusters with a quarter of a megabyte each, so the answer is written while the reports are
//! read, a few at a time. The owners of all clusters are checked before the first byte is sent. If the database fails in between,
//! the answer breaks off, and the client sees that it is not whole.

use std::sync::Arc;

use axum::{body::Body, http::Method};
use bytes::Bytes;
use ccx_messages::{ClusterId, OrgId};
use futures::{StreamExt as _, stream};
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

use crate::{
    answer::Answer,
    api::Api,
    error::ApiError,
    indent::{append_indented, start_line},
    openapi::schema,
    parameters::{Call, parse_clusters},
    routes::{Content, Handler, Route},
};

pub(crate) const BY_PATH: Route = Route {
    method: Method::GET,
    path: "organizations/{org_id}/clusters/{cluster_list}/reports",
    operation: "reports",
    summary: "The reports of the clusters in the path, as they were received.",
    handler: Handler::Members {
        parameter: "org_id",
        answer: |api, org_id, call| Box::pin(by_path(api, org_id, call)),
    },
    body: None,
    content: Content::Json(payload_schema),
};

pub(crate) const BY_BODY: Route = Route {
    method: Method::POST,
    path: "organizations/{org_id}/clusters/reports",
    operation: "reports_by_body",
    summary: "The reports of the clusters in the body, as they were received.",
    handler: Handler::Members {
        parameter: "org_id",
        answer: |api, org_id, call| Box::pin(by_body(api, org_id, call)),
    },
    body: Some(body_schema),
    content: Content::Json(payload_schema),
};

/// How many reports are read at once. Real ones have up to 250 kB.
const REPORTS_AT_ONCE: usize = 16;

#[derive(Deserialize)]
struct Clusters {
    #[serde(default)]
    clusters: Option<Vec<String>>,
}

async fn by_path(api: &Arc<Api>, org_id: OrgId, call: Call) -> Result<Answer, ApiError> {
    let clusters = call.cluster_list(api.limits.max_clusters)?;
    reports(api, org_id, clusters).await
}

async fn by_body(api: &Arc<Api>, org_id: OrgId, call: Call) -> Result<Answer, ApiError> {
    let Clusters { clusters } = call.json(api.limits.max_body_bytes).await?;
    let texts = clusters.unwrap_or_default();
    let clusters = parse_clusters(texts.iter().map(String::as_str), api.limits.max_clusters)?;
    reports(api, org_id, clusters).await
}

async fn reports(api: &Arc<Api>, org_id: OrgId, clusters: Vec<ClusterId>) -> Result<Answer, ApiError> {
    let has_foreign = api.database.has_cluster_of_other_organization(org_id, &clusters).await?;
    if has_foreign {
        return Err(ApiError::ForeignCluster);
    }
    let mut writer = Writer::new(Arc::clone(api), org_id, clusters);
    // The first part before the head of the answer: if the database is away, the client gets a status that says so.
    let first = writer.next().await.transpose()?;
    let rest = stream::unfold(writer, async |mut writer| {
        let part = writer.next().await?;
        Some((part, writer))
    });
    let parts = stream::iter(first.map(Ok::<Bytes, ApiError>)).chain(rest);
    Ok(Answer::streamed(Body::from_stream(parts)))
}

/// Writes the answer part by part.
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

    /// The next part; None after the last one.
    async fn next(&mut self) -> Option<Result<Bytes, ApiError>> {
        let mut out = Vec::new();
        if self.stage == Stage::End {
            return None;
        }
        if self.stage == Stage::Head {
            out.extend_from_slice(b"{\n\t\"reports\": {");
            self.stage = Stage::Reports;
        }
        let clusters: Vec<ClusterId> = self.unread.by_ref().take(REPORTS_AT_ONCE).collect();
        if let Err(error) = self.append_reports(&mut out, &clusters).await {
            let causes = ccx_service::error_chain(&error);
            tracing::warn!(
                org_id = self.org_id.get(),
                error = causes,
                "the reports of an organization break off"
            );
            self.stage = Stage::End;
            return Some(Err(error));
        }
        if self.unread.len() == 0 {
            self.append_end(&mut out);
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
            // One that is not JSON would spoil the whole answer.
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

    fn append_end(&self, out: &mut Vec<u8>) {
        if !self.found.is_empty() {
            start_line(out, 1);
        }
        out.extend_from_slice(b"},\n\t\"clusters\": ");
        append_list(out, &self.found);
        out.extend_from_slice(b",\n\t\"errors\": ");
        append_list(out, &self.missing);
        out.extend_from_slice(b",\n\t\"generated_at\": \"\",\n\t\"status\": \"ok\"\n}");
    }
}

/// Go writes a list that nothing was appended to as `null`, and clients of this endpoint know it so.
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

fn body_schema() -> Value {
    schema::object(&json!({ "clusters": { "type": "array", "items": schema::uuid() } }))
}

fn payload_schema() -> Value {
    let clusters = |what: &str| json!({ "type": "array", "nullable": true, "description": what, "items": schema::uuid() });
    schema::object(&json!({
        "clusters": clusters("The clusters whose report follows."),
        "errors": clusters("The clusters without a report."),
        "reports": { "type": "object", "description": "Each cluster's report.", "additionalProperties": { "type": "object" } },
        "generated_at": { "type": "string", "description": "Always empty." },
        "status": { "type": "string", "example": "ok" },
    }))
}
