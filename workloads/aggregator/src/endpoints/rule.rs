//! `GET organizations/{org_id}/clusters/{cluster}/users/{user_id}/rules/{rule_id}`

use axum::http::Method;
use ccx_messages::OrgId;
use serde_json::Value;

use crate::{
    answer::Answer,
    api::Api,
    error::ApiError,
    hit::HitPayload,
    openapi::schema,
    parameters::Call,
    routes::{Content, Handler, Route},
};

pub(crate) const ROUTE: Route = Route {
    method: Method::GET,
    path: "organizations/{org_id}/clusters/{cluster}/users/{user_id}/rules/{rule_id}",
    operation: "rule",
    summary: "One rule that hit in the latest report of a cluster.",
    handler: Handler::Members {
        parameter: "org_id",
        answer: |api, org_id, call| Box::pin(rule(api, org_id, call)),
    },
    body: None,
    content: Content::Json(payload_schema),
};

async fn rule(api: &Api, org_id: OrgId, call: Call) -> Result<Answer, ApiError> {
    let (cluster_id, user_id, selector) = (call.cluster()?, call.user()?, call.rule_selector()?);
    let stored = api.database.rule_hit(org_id, cluster_id, user_id.as_str(), &selector).await?;
    let item = || format!("{org_id}/{cluster_id}/{}/{}", selector.rule, selector.error_key);
    let stored = stored.ok_or_else(|| ApiError::NotFound { item: item() })?;
    Ok(Answer::with("report", &HitPayload::from(&stored))?)
}

fn payload_schema() -> Value {
    schema::envelope("report", &HitPayload::schema())
}
