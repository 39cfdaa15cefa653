//! Operations for people who debug, served only when the configuration says so.

use std::sync::Arc;

use axum::extract::State;
use ccx_http::{ClusterList, DONE, Done, InPath, Invalid, Json, Param, Parameter, Status};
use ccx_messages::{ClusterId, ErrorKey, OrgId, RuleFqdn};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::votes::UserPath;
use crate::{
    api::Api,
    error::ApiError,
    member::{Authenticated, parse_organization},
};

#[derive(Serialize, ToSchema)]
pub(crate) struct OrganizationsResponse {
    organizations: Vec<i32>,
    status: Status,
}

/// Organisations that have a report. They are numbers alone, and the operation is for people who debug.
#[utoipa::path(
    get,
    path = "/organizations",
    tag = "debug",
    responses((status = 200, description = "The organisations.", body = OrganizationsResponse))
)]
pub(crate) async fn organizations(
    _: Authenticated,
    State(api): State<Arc<Api>>,
) -> Result<Json<OrganizationsResponse>, ApiError> {
    let organizations = api.database.organizations().await?;
    Ok(Json::new(&OrganizationsResponse { organizations, status: Status::Ok })?)
}

#[derive(Deserialize)]
pub(super) struct OrganizationsPath {
    organizations: Param<OrganizationList>,
}

struct OrganizationList(Vec<OrgId>);

impl Parameter for OrganizationList {
    fn parse(text: &str) -> Result<Self, Invalid> {
        let organizations = text.split(',').map(parse_organization).collect::<Result<_, _>>();
        organizations.map(Self).map_err(|_| Invalid::because("integer array expected"))
    }
}

/// Deletes all reports of organisations.
#[utoipa::path(
    delete,
    path = "/organizations/{organizations}",
    tag = "debug",
    responses((status = 200, description = "The reports are deleted.", body = Done))
)]
pub(crate) async fn delete_organizations(
    Authenticated(access): Authenticated,
    InPath(path): InPath<OrganizationsPath>,
    State(api): State<Arc<Api>>,
) -> Result<Done, ApiError> {
    let OrganizationList(organizations) = path.organizations.0;
    for org_id in &organizations {
        access.require(*org_id)?;
    }
    api.database.delete_reports_of_organizations(&organizations).await?;
    drop_cached_answers(&api);
    Ok(DONE)
}

#[derive(Deserialize)]
pub(super) struct ClustersPath {
    clusters: Param<ClusterList>,
}

/// Deletes the reports of clusters; for a caller with an identity, those of its own organisation.
#[utoipa::path(
    delete,
    path = "/clusters/{clusters}",
    tag = "debug",
    responses((status = 200, description = "The reports are deleted.", body = Done))
)]
pub(crate) async fn delete_clusters(
    Authenticated(access): Authenticated,
    InPath(path): InPath<ClustersPath>,
    State(api): State<Arc<Api>>,
) -> Result<Done, ApiError> {
    let clusters = path.clusters.0.clusters(api.limits.max_clusters)?;
    api.database.delete_reports_of_clusters(&clusters, access.organization()).await?;
    drop_cached_answers(&api);
    Ok(DONE)
}

fn drop_cached_answers(api: &Api) {
    if let Some(cache) = &api.cache {
        cache.invalidate_all();
    }
}

#[derive(Deserialize)]
pub(super) struct VotePath {
    cluster: Param<ClusterId>,
    rule_id: Param<RuleFqdn>,
    error_key: Param<ErrorKey>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct VoteResponse {
    status: Status,
    /// -1, 0 or 1.
    vote: i16,
}

/// A user's vote on a rule.
#[utoipa::path(
    get,
    path = "/clusters/{cluster}/rules/{rule_id}/error_key/{error_key}/users/{user_id}/get_vote",
    tag = "debug",
    responses((status = 200, description = "The vote.", body = VoteResponse))
)]
pub(crate) async fn get_vote(
    Authenticated(access): Authenticated,
    InPath(path): InPath<VotePath>,
    InPath(user): InPath<UserPath>,
    State(api): State<Arc<Api>>,
) -> Result<Json<VoteResponse>, ApiError> {
    let (cluster_id, rule, user_id) = (path.cluster.0, path.rule_id.0, user.user_id.0);
    let not_found = || ApiError::NotFound { item: format!("{cluster_id}/{rule}/{}", user_id.as_str()) };
    if let Some(own) = access.organization() {
        let is_foreign = api.database.has_cluster_of_other_organization(own, &[cluster_id]).await?;
        if is_foreign {
            return Err(not_found());
        }
    }
    let vote = api.database.user_vote(cluster_id, &rule, &path.error_key.0, user_id.as_str()).await?;
    Ok(Json::new(&VoteResponse { status: Status::Ok, vote: vote.ok_or_else(not_found)? })?)
}
