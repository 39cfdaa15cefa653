//! Rules that an organisation has disabled for all its clusters.

use std::sync::Arc;

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use ccx_http::{InPath, Json, JsonBody, Param, shown, trimmed_selector};
use ccx_messages::RuleSelector;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::clusters::Count;
use crate::{
    api::{Api, Authenticated},
    asked::Asked,
    error::ApiError,
    model::{Acknowledgement, Created},
};

#[derive(Deserialize)]
pub(super) struct AckPath {
    rule_id: Param<RuleSelector>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct AcknowledgementsResponse {
    data: Vec<Acknowledgement>,
    meta: Count,
}

/// A rule to disable for all clusters.
#[derive(Deserialize, ToSchema)]
pub(crate) struct AcknowledgeRequest {
    /// The rule's module, a bar and an error key.
    rule_id: String,
    /// The reason; may be empty.
    #[serde(default)]
    justification: String,
}

/// The new reason for which a rule is disabled.
#[derive(Deserialize, ToSchema)]
pub(crate) struct JustificationRequest {
    /// The reason; may be empty.
    #[serde(default, alias = "value")]
    justification: String,
}

/// Rules that the organisation has disabled for all its clusters.
#[utoipa::path(
    get,
    path = "/ack",
    responses((status = 200, description = "The rules.", body = AcknowledgementsResponse))
)]
pub(crate) async fn acknowledgements(
    asked: Asked,
    State(api): State<Arc<Api>>,
) -> Result<Response, ApiError> {
    let answering = async {
        let data = api.public.acknowledgements(&asked.caller).await?;
        Ok(AcknowledgementsResponse { meta: Count { count: data.len() }, data })
    };
    asked.answer(&api, answering).await
}

/// Disables a rule for all clusters of the organisation.
#[utoipa::path(
    post,
    path = "/ack",
    request_body = AcknowledgeRequest,
    responses(
        (status = 200, description = "The rule was disabled already, and is unchanged.", body = Acknowledgement),
        (status = 201, description = "The rule is disabled.", body = Acknowledgement)
    )
)]
pub(crate) async fn acknowledge(
    Authenticated(caller): Authenticated,
    State(api): State<Arc<Api>>,
    JsonBody(body): JsonBody<AcknowledgeRequest>,
) -> Result<Response, ApiError> {
    let rule = parse_rule("rule_id", &body.rule_id)?;
    api.public.check_text("justification", &body.justification)?;
    let (acknowledgement, created) = api.public.acknowledge(&caller, &rule, &body.justification).await?;
    api.invalidate_reports();
    let mut response = Json::new(&acknowledgement)?.into_response();
    if created == Created::New {
        *response.status_mut() = StatusCode::CREATED;
    }
    Ok(response)
}

/// Parses a rule that stands in a body.
pub(super) fn parse_rule(name: &'static str, text: &str) -> Result<RuleSelector, ApiError> {
    trimmed_selector(text).ok_or_else(|| ApiError::OutOfRange {
        name,
        value: shown(text),
        reason: "a rule's module, | and an error key expected".into(),
    })
}

/// Whether and why the organisation has disabled a rule.
#[utoipa::path(
    get,
    path = "/ack/{rule_id}",
    responses((status = 200, description = "The rule is disabled.", body = Acknowledgement))
)]
pub(crate) async fn acknowledgement(
    asked: Asked,
    InPath(path): InPath<AckPath>,
    State(api): State<Arc<Api>>,
) -> Result<Response, ApiError> {
    asked.answer(&api, api.public.acknowledgement(&asked.caller, &path.rule_id.0)).await
}

/// Changes the reason for which the organisation has disabled a rule.
#[utoipa::path(
    put,
    path = "/ack/{rule_id}",
    request_body = JustificationRequest,
    responses((status = 200, description = "The reason is changed.", body = Acknowledgement))
)]
pub(crate) async fn update_acknowledgement(
    Authenticated(caller): Authenticated,
    InPath(path): InPath<AckPath>,
    State(api): State<Arc<Api>>,
    JsonBody(body): JsonBody<JustificationRequest>,
) -> Result<Response, ApiError> {
    api.public.check_text("justification", &body.justification)?;
    let updated = api.public.update_acknowledgement(&caller, &path.rule_id.0, &body.justification).await?;
    Ok(Json::new(&updated)?.into_response())
}

/// Enables a rule for all clusters of the organisation.
#[utoipa::path(
    delete,
    path = "/ack/{rule_id}",
    responses((status = 204, description = "The rule is enabled."))
)]
pub(crate) async fn delete_acknowledgement(
    Authenticated(caller): Authenticated,
    InPath(path): InPath<AckPath>,
    State(api): State<Arc<Api>>,
) -> Result<StatusCode, ApiError> {
    api.public.unacknowledge(&caller, &path.rule_id.0).await?;
    api.invalidate_reports();
    Ok(StatusCode::NO_CONTENT)
}
