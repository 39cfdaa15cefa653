//! Users' votes on rules.

use std::sync::Arc;

use axum::extract::State;
use ccx_http::{DONE, Done, InPath, Param, UserId};
use chrono::Utc;
use serde::Deserialize;

use super::cluster_rule::{ClusterRulePath, require_written};
use crate::{api::Api, error::ApiError, member::Member};

#[derive(Deserialize)]
pub(super) struct UserPath {
    pub(super) user_id: Param<UserId>,
}

/// Likes a rule.
#[utoipa::path(
    put,
    path = "/clusters/{cluster}/rules/{rule_id}/error_key/{error_key}/organizations/{org_id}/users/{user_id}/like",
    responses((status = 200, description = "The vote is stored.", body = Done))
)]
pub(crate) async fn like(
    member: Member,
    InPath(path): InPath<ClusterRulePath>,
    InPath(user): InPath<UserPath>,
    State(api): State<Arc<Api>>,
) -> Result<Done, ApiError> {
    vote(&api, member, path, &user, 1).await
}

/// Dislikes a rule.
#[utoipa::path(
    put,
    path = "/clusters/{cluster}/rules/{rule_id}/error_key/{error_key}/organizations/{org_id}/users/{user_id}/dislike",
    responses((status = 200, description = "The vote is stored.", body = Done))
)]
pub(crate) async fn dislike(
    member: Member,
    InPath(path): InPath<ClusterRulePath>,
    InPath(user): InPath<UserPath>,
    State(api): State<Arc<Api>>,
) -> Result<Done, ApiError> {
    vote(&api, member, path, &user, -1).await
}

/// Resets the vote on a rule.
#[utoipa::path(
    put,
    path = "/clusters/{cluster}/rules/{rule_id}/error_key/{error_key}/organizations/{org_id}/users/{user_id}/reset_vote",
    responses((status = 200, description = "The vote is reset.", body = Done))
)]
pub(crate) async fn reset_vote(
    member: Member,
    InPath(path): InPath<ClusterRulePath>,
    InPath(user): InPath<UserPath>,
    State(api): State<Arc<Api>>,
) -> Result<Done, ApiError> {
    vote(&api, member, path, &user, 0).await
}

async fn vote(
    api: &Api,
    member: Member,
    path: ClusterRulePath,
    user: &UserPath,
    vote: i16,
) -> Result<Done, ApiError> {
    let rule = path.into_rule(member);
    let change = api.database.vote(&rule, user.user_id.0.as_str(), vote, Utc::now()).await?;
    require_written(api, change, rule.cluster_id)?;
    api.metrics.feedback.inc();
    Ok(DONE)
}
