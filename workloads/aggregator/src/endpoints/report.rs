//! `GET organizations/{org_id}/clusters/{cluster}/users/{user_id}/report`: the hot one.

use axum::http::Method;
use bytes::Bytes;
use ccx_messages::{ClusterId, OrgId, format_utc_seconds};
use ccx_storage::read::StoredReport;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    answer::{self, Answer},
    api::Api,
    cache::{AnswerCache, Key},
    error::ApiError,
    hit::HitPayload,
    openapi::schema,
    parameters::Call,
    routes::{Content, Handler, Route},
};

pub(crate) const ROUTE: Route = Route {
    method: Method::GET,
    path: "organizations/{org_id}/clusters/{cluster}/users/{user_id}/report",
    operation: "report",
    summary: "The latest report of a cluster: the rules that hit, and what the user and the organisation think of them.",
    handler: Handler::Members {
        parameter: "org_id",
        answer: |api, org_id, call| Box::pin(report(api, org_id, call)),
    },
    body: None,
    content: Content::Json(payload_schema),
};

#[derive(Serialize)]
struct Report<'a> {
    meta: Meta,
    reports: Vec<HitPayload<'a>>,
}

/// What the report is about.
#[derive(Serialize)]
pub(super) struct Meta {
    /// The service in front fills it in.
    cluster_name: &'static str,
    count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_checked_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gathered_at: Option<String>,
}

async fn report(api: &Api, org_id: OrgId, call: Call) -> Result<Answer, ApiError> {
    let key = Key { org: org_id, cluster: call.cluster()?, user: call.user()? };
    let json = match &api.cache {
        Some(cache) => kept_or_read(api, cache, key).await?,
        None => read(api, &key).await?,
    };
    Ok(Answer::ready(json))
}

async fn kept_or_read(api: &Api, cache: &AnswerCache, key: Key) -> Result<Bytes, ApiError> {
    if let Some(json) = cache.get(&key) {
        api.metrics.cache_hits.inc();
        return Ok(json);
    }
    api.metrics.cache_misses.inc();
    let ticket = cache.ticket(key.cluster);
    let json = read(api, &key).await?;
    if let Some(ticket) = ticket {
        cache.keep(ticket, key, json.clone());
        api.metrics.cache_bytes.set(cache.weight_bytes().cast_signed());
    }
    Ok(json)
}

async fn read(api: &Api, &Key { org, cluster, ref user }: &Key) -> Result<Bytes, ApiError> {
    let stored = api.database.report(org, cluster, user.as_str()).await?;
    let stored = stored.ok_or_else(|| not_found(org, cluster))?;
    Ok(answer::envelope("report", &payload(&stored))?)
}

/// There is no report of the cluster in the organisation.
pub(super) fn not_found(org_id: OrgId, cluster_id: ClusterId) -> ApiError {
    ApiError::NotFound { item: format!("{org_id}/{cluster_id}") }
}

fn payload(stored: &StoredReport) -> Report<'_> {
    Report { meta: Meta::of(stored), reports: stored.hits.iter().map(HitPayload::from).collect() }
}

impl Meta {
    pub(super) fn of(stored: &StoredReport) -> Self {
        Self {
            cluster_name: "",
            count: stored.hits.len(),
            last_checked_at: stored.last_checked_at.map(format_utc_seconds),
            gathered_at: stored.gathered_at.map(format_utc_seconds),
        }
    }

    /// The JSON schema.
    pub(super) fn schema() -> Value {
        schema::object(&json!({
            "cluster_name": { "type": "string", "description": "Always empty; the service in front fills it in." },
            "count": { "type": "integer", "minimum": 0, "description": "Number of rules that hit." },
            "last_checked_at": schema::time("When the archive was announced."),
            "gathered_at": schema::time("When the cluster gathered the data."),
        }))
    }
}

fn payload_schema() -> Value {
    let hits = json!({ "type": "array", "items": HitPayload::schema() });
    schema::envelope("report", &schema::object(&json!({ "meta": Meta::schema(), "reports": hits })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_without_hits_and_times_has_an_empty_list_and_no_times() {
        let stored = StoredReport { last_checked_at: None, gathered_at: None, hits: vec![] };
        let json = serde_json::to_string(&payload(&stored)).unwrap();
        assert_eq!(json, r#"{"meta":{"cluster_name":"","count":0},"reports":[]}"#);
    }
}
