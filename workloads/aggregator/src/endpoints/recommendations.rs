//! `GET organizations/{org_id}/clusters/{cluster}/users/{user_id}/recommendations`: the report with its texts, for whoever has no
//! other service that joins them.

use std::sync::Arc;

use axum::http::Method;
use ccx_messages::OrgId;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    answer::{self, Answer},
    api::Api,
    endpoints::report::{self, Meta},
    error::ApiError,
    openapi::schema,
    parameters::Call,
    recommendation::RecommendationPayload,
    routes::{Content, Handler, Route},
};

pub(crate) const ROUTE: Route = Route {
    method: Method::GET,
    path: "organizations/{org_id}/clusters/{cluster}/users/{user_id}/recommendations",
    operation: "recommendations",
    summary: "The latest report of a cluster with what it means: severity, reason and resolution of each rule that hit.",
    handler: Handler::Members {
        parameter: "org_id",
        answer: |api, org_id, call| Box::pin(recommendations(api, org_id, call)),
    },
    body: None,
    content: Content::Json(payload_schema),
};

#[derive(Serialize)]
struct Recommendations<'a> {
    meta: Meta,
    data: Vec<RecommendationPayload<'a>>,
}

async fn recommendations(api: &Arc<Api>, org_id: OrgId, call: Call) -> Result<Answer, ApiError> {
    let cluster_id = call.cluster()?;
    let stored = api.database.report(org_id, cluster_id, call.user()?.as_str()).await?;
    let stored = stored.ok_or_else(|| report::not_found(org_id, cluster_id))?;
    let texts = api.content.get();
    // Hundreds of templates may be rendered, which is too long for a thread that others wait for.
    let written = tokio::task::spawn_blocking(move || {
        let data = stored.hits.iter().map(|hit| RecommendationPayload::new(hit, &texts)).collect();
        answer::envelope("report", &Recommendations { meta: Meta::of(&stored), data })
    });
    match written.await {
        Ok(json) => Ok(Answer::ready(json?)),
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

fn payload_schema() -> Value {
    let data = json!({ "type": "array", "items": RecommendationPayload::schema() });
    schema::envelope("report", &schema::object(&json!({ "meta": Meta::schema(), "data": data })))
}
