//! `GET organizations/{organization}/clusters`

use axum::http::Method;
use ccx_messages::OrgId;
use chrono::Utc;
use serde_json::{Value, json};

use crate::{
    answer::Answer,
    api::Api,
    error::ApiError,
    openapi::schema,
    routes::{Content, Handler, Route},
};

pub(crate) const ROUTE: Route = Route {
    method: Method::GET,
    path: "organizations/{organization}/clusters",
    operation: "clusters",
    summary: "The clusters of an organisation that have sent data lately.",
    handler: Handler::Members {
        parameter: "organization",
        answer: |api, org_id, _| Box::pin(clusters(api, org_id)),
    },
    body: None,
    content: Content::Json(payload_schema),
};

async fn clusters(api: &Api, org_id: OrgId) -> Result<Answer, ApiError> {
    let reported_since = Utc::now() - api.limits.org_overview;
    let clusters = api.database.clusters_of_organization(org_id, reported_since).await?;
    Ok(Answer::with("clusters", &clusters)?)
}

fn payload_schema() -> Value {
    schema::envelope("clusters", &json!({ "type": "array", "items": schema::uuid() }))
}
