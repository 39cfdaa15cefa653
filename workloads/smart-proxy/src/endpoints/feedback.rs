//! Opinions of users: votes, disabled rules with their reasons, and ratings.

use std::sync::Arc;

use axum::extract::State;
use ccx_http::{DONE, Done, InPath, Json, JsonBody, OptionalJsonBody, Param, Status, shown};
use ccx_messages::{ClusterId, ErrorKey, RuleFqdn};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::acknowledgements::parse_rule;
use crate::{
    api::{Api, Authenticated},
    error::ApiError,
    public_api::{ClusterFinding, Vote},
};

#[derive(Deserialize)]
pub(super) struct FindingPath {
    cluster: Param<ClusterId>,
    rule_id: Param<RuleFqdn>,
    error_key: Param<ErrorKey>,
}

impl From<FindingPath> for ClusterFinding {
    fn from(path: FindingPath) -> Self {
        Self { cluster_id: path.cluster.0, rule: path.rule_id.0, error_key: path.error_key.0 }
    }
}

/// A user's reason.
#[derive(Default, Deserialize, ToSchema)]
pub(crate) struct FeedbackRequest {
    /// The reason; may be empty.
    #[serde(default)]
    message: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct FeedbackResponse {
    message: String,
    status: Status,
}

/// The rating of a rule.
#[derive(Deserialize, Serialize, ToSchema)]
pub(crate) struct Rating {
    /// The rule's module, a bar and an error key.
    rule: String,
    /// -1, 0 or 1.
    #[schema(minimum = -1, maximum = 1)]
    rating: i64,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct RatingResponse {
    ratings: Rating,
    status: Status,
}

/// Votes for a rule.
#[utoipa::path(
    put,
    path = "/clusters/{cluster}/rules/{rule_id}/error_key/{error_key}/like",
    responses((status = 200, description = "The vote is stored.", body = Done))
)]
pub(crate) async fn like(
    caller: Authenticated,
    InPath(path): InPath<FindingPath>,
    State(api): State<Arc<Api>>,
) -> Result<Done, ApiError> {
    vote(&caller, path, &api, Vote::Like).await
}

/// Votes against a rule.
#[utoipa::path(
    put,
    path = "/clusters/{cluster}/rules/{rule_id}/error_key/{error_key}/dislike",
    responses((status = 200, description = "The vote is stored.", body = Done))
)]
pub(crate) async fn dislike(
    caller: Authenticated,
    InPath(path): InPath<FindingPath>,
    State(api): State<Arc<Api>>,
) -> Result<Done, ApiError> {
    vote(&caller, path, &api, Vote::Dislike).await
}

/// Withdraws a vote.
#[utoipa::path(
    put,
    path = "/clusters/{cluster}/rules/{rule_id}/error_key/{error_key}/reset_vote",
    responses((status = 200, description = "The vote is withdrawn.", body = Done))
)]
pub(crate) async fn reset_vote(
    caller: Authenticated,
    InPath(path): InPath<FindingPath>,
    State(api): State<Arc<Api>>,
) -> Result<Done, ApiError> {
    vote(&caller, path, &api, Vote::None).await
}

async fn vote(
    Authenticated(caller): &Authenticated,
    path: FindingPath,
    api: &Api,
    vote: Vote,
) -> Result<Done, ApiError> {
    let finding = ClusterFinding::from(path);
    api.public.vote(caller, &finding, vote).await?;
    api.invalidate_report(finding.cluster_id);
    Ok(DONE)
}

/// Disables a rule for a cluster.
#[utoipa::path(
    put,
    path = "/clusters/{cluster}/rules/{rule_id}/error_key/{error_key}/disable",
    responses((status = 200, description = "The rule is disabled.", body = Done))
)]
pub(crate) async fn disable(
    Authenticated(caller): Authenticated,
    InPath(path): InPath<FindingPath>,
    State(api): State<Arc<Api>>,
) -> Result<Done, ApiError> {
    let finding = ClusterFinding::from(path);
    api.public.disable(&caller, &finding).await?;
    api.invalidate_report(finding.cluster_id);
    Ok(DONE)
}

/// Enables a rule for a cluster.
#[utoipa::path(
    put,
    path = "/clusters/{cluster}/rules/{rule_id}/error_key/{error_key}/enable",
    responses((status = 200, description = "The rule is enabled.", body = Done))
)]
pub(crate) async fn enable(
    Authenticated(caller): Authenticated,
    InPath(path): InPath<FindingPath>,
    State(api): State<Arc<Api>>,
) -> Result<Done, ApiError> {
    let finding = ClusterFinding::from(path);
    api.public.enable(&caller, &finding).await?;
    api.invalidate_report(finding.cluster_id);
    Ok(DONE)
}

/// Stores the reason for disabling a rule for a cluster.
#[utoipa::path(
    post,
    path = "/clusters/{cluster}/rules/{rule_id}/error_key/{error_key}/disable_feedback",
    request_body = FeedbackRequest,
    responses((status = 200, description = "The reason is stored.", body = FeedbackResponse))
)]
pub(crate) async fn disable_feedback(
    Authenticated(caller): Authenticated,
    InPath(path): InPath<FindingPath>,
    State(api): State<Arc<Api>>,
    OptionalJsonBody(body): OptionalJsonBody<FeedbackRequest>,
) -> Result<Json<FeedbackResponse>, ApiError> {
    let FeedbackRequest { message } = body.unwrap_or_default();
    let finding = ClusterFinding::from(path);
    api.public.disable_feedback(&caller, &finding, &message).await?;
    api.invalidate_report(finding.cluster_id);
    Ok(Json::new(&FeedbackResponse { message, status: Status::Ok })?)
}

/// Rates a rule.
#[utoipa::path(
    post,
    path = "/rating",
    request_body = Rating,
    responses((status = 200, description = "The rating is stored.", body = RatingResponse))
)]
pub(crate) async fn rate(
    Authenticated(caller): Authenticated,
    State(api): State<Arc<Api>>,
    JsonBody(ratings): JsonBody<Rating>,
) -> Result<Json<RatingResponse>, ApiError> {
    let rule = parse_rule("rule", &ratings.rule)?;
    let rating = Vote::from_number(ratings.rating).ok_or_else(|| ApiError::OutOfRange {
        name: "rating",
        value: shown(&ratings.rating.to_string()),
        reason: "-1, 0 or 1 expected".into(),
    })?;
    api.public.rate(&caller, &rule, rating).await?;
    Ok(Json::new(&RatingResponse { ratings, status: Status::Ok })?)
}
