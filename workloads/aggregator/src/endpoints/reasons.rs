//! Users' reasons for disabling rules.

use std::sync::Arc;

use axum::extract::State;
use ccx_http::{InPath, Json, JsonBody, Status, shown};
use ccx_storage::feedback;
use chrono::Utc;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    cluster_rule::{ClusterRulePath, require_written},
    votes::UserPath,
};
use crate::{
    api::Api,
    error::ApiError,
    go_time::NullTime,
    member::{Authenticated, Member},
};

/// A reason for disabling a rule.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ReasonRequest {
    /// The reason.
    #[serde(default)]
    message: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ReasonResponse {
    /// The reason as it is stored.
    message: String,
    status: Status,
}

/// Stores the user's reason for disabling a rule for a cluster.
#[utoipa::path(
    post,
    path = "/clusters/{cluster}/rules/{rule_id}/error_key/{error_key}/organizations/{org_id}/users/{user_id}/disable_feedback",
    request_body = ReasonRequest,
    responses((status = 200, description = "The reason is stored.", body = ReasonResponse))
)]
pub(crate) async fn disable_feedback(
    member: Member,
    InPath(path): InPath<ClusterRulePath>,
    InPath(user): InPath<UserPath>,
    State(api): State<Arc<Api>>,
    JsonBody(body): JsonBody<ReasonRequest>,
) -> Result<Json<ReasonResponse>, ApiError> {
    require_short("message", "feedback message", &body.message, &api)?;
    let rule = path.into_rule(member);
    let user_id = user.user_id.0;
    let change = api.database.give_disable_reason(&rule, user_id.as_str(), &body.message, Utc::now()).await?;
    require_written(&api, change, rule.cluster_id)?;
    api.metrics.feedback.inc();
    Ok(Json::new(&ReasonResponse { message: body.message, status: Status::Ok })?)
}

/// Fails when a text of a user is longer than allowed, or has a zero byte, which PostgreSQL's text can't contain.
pub(super) fn require_short(name: &'static str, what: &str, text: &str, api: &Api) -> Result<(), ApiError> {
    let max_bytes = api.limits.max_feedback_bytes;
    let reason = if text.len() > max_bytes {
        format!("{what} is longer than {max_bytes} bytes")
    } else if text.contains('\0') {
        "a zero byte is not allowed".to_owned()
    } else {
        return Ok(());
    };
    Err(ApiError::OutOfRange { name, value: shown(text), reason })
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ReasonsResponse {
    reasons: Vec<Reason>,
    status: Status,
}

/// A user's reason. The fields have the names of the Go struct that clients know.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct Reason {
    #[serde(rename = "ClusterID")]
    cluster_id: String,
    /// The rule's module and `.report`.
    #[serde(rename = "RuleID")]
    rule_id: String,
    error_key: String,
    message: String,
    added_at: NullTime,
    updated_at: NullTime,
}

impl From<feedback::DisableReason> for Reason {
    fn from(reason: feedback::DisableReason) -> Self {
        Self {
            cluster_id: reason.cluster_id,
            rule_id: reason.rule_id,
            error_key: reason.error_key,
            message: reason.message,
            added_at: reason.added_at.into(),
            updated_at: reason.updated_at.into(),
        }
    }
}

/// Reasons that a user gave for disabling rules, in the caller's organisation.
#[utoipa::path(
    get,
    path = "/rules/users/{user_id}/disabled/feedback",
    responses((status = 200, description = "The reasons.", body = ReasonsResponse))
)]
pub(crate) async fn disable_reasons(
    Authenticated(access): Authenticated,
    InPath(path): InPath<UserPath>,
    State(api): State<Arc<Api>>,
) -> Result<Json<ReasonsResponse>, ApiError> {
    let reasons = api.database.disable_reasons(path.user_id.0.as_str(), access.organization()).await?;
    Ok(Json::new(&ReasonsResponse {
        reasons: reasons.into_iter().map(Reason::from).collect(),
        status: Status::Ok,
    })?)
}
