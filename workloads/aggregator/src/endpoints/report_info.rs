//! `GET organizations/{org_id}/clusters/{cluster}/users/{user_id}/report/info`

use axum::http::Method;
use ccx_messages::{OrgId, format_utc_seconds};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    answer::Answer,
    api::Api,
    endpoints::report,
    error::ApiError,
    openapi::schema,
    parameters::Call,
    routes::{Content, Handler, Route},
};

pub(crate) const ROUTE: Route = Route {
    method: Method::GET,
    path: "organizations/{org_id}/clusters/{cluster}/users/{user_id}/report/info",
    operation: "report_info",
    summary: "How many rules hit in the latest report of a cluster, and how old the report is.",
    handler: Handler::Members {
        parameter: "org_id",
        answer: |api, org_id, call| Box::pin(report_info(api, org_id, call)),
    },
    body: None,
    content: Content::Json(payload_schema),
};

/// Times that are not known are empty here, unlike in the report.
#[derive(Serialize)]
struct MetaInfo {
    count: i64,
    last_checked_at: String,
    stored_at: String,
}

async fn report_info(api: &Api, org_id: OrgId, call: Call) -> Result<Answer, ApiError> {
    let cluster_id = call.cluster()?;
    call.user()?;
    let stored = api.database.report_info(org_id, cluster_id).await?;
    let stored = stored.ok_or_else(|| report::not_found(org_id, cluster_id))?;
    let info = MetaInfo {
        count: stored.hit_count,
        last_checked_at: format_or_empty(stored.last_checked_at),
        stored_at: format_or_empty(stored.reported_at),
    };
    Ok(Answer::with("metainfo", &info)?)
}

fn format_or_empty(time: Option<DateTime<Utc>>) -> String {
    time.map(format_utc_seconds).unwrap_or_default()
}

fn payload_schema() -> Value {
    let info = schema::object(&json!({
        "count": { "type": "integer", "minimum": 0, "description": "Number of rules that hit." },
        "last_checked_at": schema::time("When the archive was announced; empty when not known."),
        "stored_at": schema::time("When the report was written to the database; empty when not known."),
    }));
    schema::envelope("metainfo", &info)
}
