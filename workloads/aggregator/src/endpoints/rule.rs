use std::sync::Arc;

use axum::extract::State;
use ccx_http::{InPath, Json, Param, Status, UserId};
use ccx_messages::{ClusterId, RuleSelector};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{api::Api, error::ApiError, hit::Hit, member::Member};

#[derive(Deserialize)]
pub(super) struct RulePath {
    cluster: Param<ClusterId>,
    user_id: Param<UserId>,
    rule_id: Param<RuleSelector>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct RuleResponse {
    report: Hit,
    status: Status,
}

/// One rule that hit in the latest report of a cluster.
#[utoipa::path(
    get,
    path = "/organizations/{org_id}/clusters/{cluster}/users/{user_id}/rules/{rule_id}",
    responses((status = 200, description = "The hit.", body = RuleResponse))
)]
pub(crate) async fn rule(
    member: Member,
    InPath(path): InPath<RulePath>,
    State(api): State<Arc<Api>>,
) -> Result<Json<RuleResponse>, ApiError> {
    let (org_id, cluster_id, selector) = (member.org_id(), path.cluster.0, path.rule_id.0);
    let stored = api.database.rule_hit(org_id, cluster_id, path.user_id.0.as_str(), &selector).await?;
    let item = || format!("{org_id}/{cluster_id}/{}/{}", selector.rule, selector.error_key);
    let stored = stored.ok_or_else(|| ApiError::NotFound { item: item() })?;
    Ok(Json::new(&RuleResponse { report: stored.into(), status: Status::Ok })?)
}
