//! Rules that an organisation disables for all its clusters.

use std::sync::Arc;

use axum::extract::State;
use ccx_http::{InPath, Json, JsonBody, Param, Status};
use ccx_messages::{ErrorKey, OrgId, RuleFqdn};
use ccx_storage::feedback;
use chrono::Utc;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::reasons::require_short;
use crate::{api::Api, error::ApiError, go_time::NullTime, member::Member};

/// A rule in the path; it is stored without `.report`.
#[derive(Deserialize)]
pub(super) struct AcknowledgementPath {
    rule_id: Param<RuleFqdn>,
    error_key: Param<ErrorKey>,
}

/// A reason for disabling a rule.
#[derive(Deserialize, ToSchema)]
pub(crate) struct JustificationRequest {
    /// The reason.
    #[serde(default)]
    justification: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct JustificationResponse {
    /// The reason as it is stored.
    justification: String,
    status: Status,
}

/// Disables a rule for all clusters of an organisation.
#[utoipa::path(
    put,
    path = "/rules/{rule_id}/error_key/{error_key}/organizations/{org_id}/disable",
    request_body = JustificationRequest,
    responses((status = 200, description = "The rule is disabled.", body = JustificationResponse))
)]
pub(crate) async fn acknowledge(
    member: Member,
    InPath(path): InPath<AcknowledgementPath>,
    State(api): State<Arc<Api>>,
    JsonBody(JustificationRequest { justification }): JsonBody<JustificationRequest>,
) -> Result<Json<JustificationResponse>, ApiError> {
    require_short("justification", "justification", &justification, &api)?;
    let (org_id, rule, error_key) = (member.org_id(), path.rule_id.0, path.error_key.0);
    api.database.acknowledge_rule(org_id, &rule, &error_key, &justification, Utc::now()).await?;
    Ok(Json::new(&JustificationResponse { justification, status: Status::Ok })?)
}

/// Changes the reason for which a rule is disabled.
#[utoipa::path(
    post,
    path = "/rules/{rule_id}/error_key/{error_key}/organizations/{org_id}/update",
    request_body = JustificationRequest,
    responses((status = 200, description = "The reason is changed, if the rule is disabled.", body = JustificationResponse))
)]
pub(crate) async fn update_acknowledgement(
    member: Member,
    InPath(path): InPath<AcknowledgementPath>,
    State(api): State<Arc<Api>>,
    JsonBody(JustificationRequest { justification }): JsonBody<JustificationRequest>,
) -> Result<Json<JustificationResponse>, ApiError> {
    require_short("justification", "justification", &justification, &api)?;
    let (org_id, rule, error_key) = (member.org_id(), path.rule_id.0, path.error_key.0);
    api.database.update_acknowledgement(org_id, &rule, &error_key, &justification, Utc::now()).await?;
    Ok(Json::new(&JustificationResponse { justification, status: Status::Ok })?)
}

#[derive(Serialize, ToSchema)]
pub(crate) struct RuleEnabledResponse {
    #[schema(example = "rule enabled")]
    status: &'static str,
}

/// Enables a rule for all clusters of an organisation again.
#[utoipa::path(
    put,
    path = "/rules/{rule_id}/error_key/{error_key}/organizations/{org_id}/enable",
    responses((status = 200, description = "The rule is enabled.", body = RuleEnabledResponse))
)]
pub(crate) async fn delete_acknowledgement(
    member: Member,
    InPath(path): InPath<AcknowledgementPath>,
    State(api): State<Arc<Api>>,
) -> Result<Json<RuleEnabledResponse>, ApiError> {
    let (rule, error_key) = (path.rule_id.0, path.error_key.0);
    api.database.delete_acknowledgement(member.org_id(), &rule, &error_key).await?;
    Ok(Json::new(&RuleEnabledResponse { status: "rule enabled" })?)
}

#[derive(Serialize, ToSchema)]
pub(crate) struct AcknowledgementResponse {
    #[serde(rename = "disabledRule")]
    disabled_rule: Acknowledgement,
    status: Status,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct AcknowledgementsResponse {
    #[serde(rename = "disabledRules")]
    disabled_rules: Vec<Acknowledgement>,
    status: Status,
}

/// A rule that an organisation has disabled for all its clusters.
#[derive(Serialize, ToSchema)]
struct Acknowledgement {
    org_id: u32,
    /// Always empty: the organisation disables a rule, not a user.
    user_id: &'static str,
    /// The rule's module.
    rule_id: String,
    error_key: String,
    /// The reason; may be empty.
    justification: String,
    created_at: NullTime,
    updated_at: NullTime,
}

impl Acknowledgement {
    fn new(org_id: OrgId, stored: feedback::Acknowledgement) -> Self {
        Self {
            org_id: org_id.get(),
            user_id: "",
            rule_id: stored.rule_id,
            error_key: stored.error_key,
            justification: stored.justification,
            created_at: stored.created_at.into(),
            updated_at: stored.updated_at.into(),
        }
    }
}

/// Whether and why a rule is disabled for all clusters of an organisation.
#[utoipa::path(
    get,
    path = "/rules/{rule_id}/error_key/{error_key}/organizations/{org_id}/",
    responses((status = 200, description = "The rule is disabled.", body = AcknowledgementResponse))
)]
pub(crate) async fn acknowledgement(
    member: Member,
    InPath(path): InPath<AcknowledgementPath>,
    State(api): State<Arc<Api>>,
) -> Result<Json<AcknowledgementResponse>, ApiError> {
    let (org_id, rule, error_key) = (member.org_id(), path.rule_id.0, path.error_key.0);
    let stored = api.database.acknowledgement(org_id, &rule, &error_key).await?;
    let disabled_rule = Acknowledgement::new(org_id, stored.ok_or(ApiError::NotAcknowledged)?);
    Ok(Json::new(&AcknowledgementResponse { disabled_rule, status: Status::Ok })?)
}

/// Rules that an organisation has disabled for all its clusters.
#[utoipa::path(
    get,
    path = "/rules/organizations/{org_id}/disabled_system_wide",
    responses((status = 200, description = "The rules.", body = AcknowledgementsResponse))
)]
pub(crate) async fn acknowledgements(
    member: Member,
    State(api): State<Arc<Api>>,
) -> Result<Json<AcknowledgementsResponse>, ApiError> {
    let org_id = member.org_id();
    let stored = api.database.acknowledgements(org_id).await?;
    let disabled_rules = stored.into_iter().map(|stored| Acknowledgement::new(org_id, stored)).collect();
    Ok(Json::new(&AcknowledgementsResponse { disabled_rules, status: Status::Ok })?)
}
