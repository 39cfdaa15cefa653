//! The clusters of an organisation.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use ccx_auth::Caller;
use ccx_http::{DONE, Done, InPath, JsonBody, Param, RequestError, Status};
use ccx_messages::ClusterId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::reports::{AnyOrganization, ClusterPath, require_own};
use crate::{
    api::{Api, Authenticated},
    asked::Asked,
    error::ApiError,
    model::{ClusterInfo, ClusterSummary, PastRecommendation},
    public_api::{ClusterOrder, ClusterSelection},
    query::{Query, bad_parameter},
};

#[derive(Serialize, ToSchema)]
pub(crate) struct ClustersResponse {
    data: Vec<ClusterSummary>,
    meta: Count,
    status: Status,
}

/// The size of a list.
#[derive(Serialize, ToSchema)]
pub(super) struct Count {
    /// Number of items, in all parts of the list.
    pub(super) count: usize,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ClusterResponse {
    cluster: ClusterInfo,
    status: Status,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct HistoryResponse {
    data: Vec<PastRecommendation>,
    status: Status,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ClusterIdsResponse {
    /// The clusters' ids, sorted.
    clusters: Vec<String>,
    status: Status,
}

#[derive(Deserialize)]
pub(super) struct OrganizationPath {
    #[serde(alias = "organization")]
    org_id: Param<AnyOrganization>,
}

/// Clusters of the organisation, with the numbers of their enabled hits.
#[utoipa::path(
    get,
    path = "/clusters",
    params(
        ("name" = Option<String>, Query, description = "Part of a name or id, in any case."),
        ("total_risk" = Option<String>, Query, description = "Severities, separated by commas: only clusters with such a hit."),
        ("version" = Option<String>, Query, description = "A version, or its first numbers; may be repeated."),
        ("stale" = Option<bool>, Query, description = "Only clusters whose report is stale, or is not."),
        ("sort" = Option<String>, Query, description = "`cluster_name`, `last_checked_at`, `total_hit_count`, `severity` or `cluster_version`; descending with `-` in front."),
        ("limit" = Option<usize>, Query, description = "Length of the part of the list."),
        ("offset" = Option<usize>, Query, description = "Begin of the part of the list.")
    ),
    responses((status = 200, description = "The clusters.", body = ClustersResponse))
)]
pub(crate) async fn clusters(
    asked: Asked,
    query: Query,
    State(api): State<Arc<Api>>,
) -> Result<Response, ApiError> {
    let selection = selection(&query)?;
    let answering = async {
        let page = api.public.clusters_page(&asked.caller, &selection).await?;
        let meta = Count { count: page.count };
        Ok(ClustersResponse { data: page.clusters, meta, status: Status::Ok })
    };
    asked.answer(&api, answering).await
}

/// Name and state of a cluster.
#[utoipa::path(
    get,
    path = "/cluster/{cluster}/info",
    responses((status = 200, description = "The cluster.", body = ClusterResponse))
)]
pub(crate) async fn cluster(
    asked: Asked,
    InPath(path): InPath<ClusterPath>,
    State(api): State<Arc<Api>>,
) -> Result<Response, ApiError> {
    let answering = async {
        let cluster = api.public.cluster(&asked.caller, path.cluster.0).await?;
        Ok(ClusterResponse { cluster, status: Status::Ok })
    };
    asked.answer(&api, answering).await
}

/// Rules that hit a cluster for a time and no longer do, the one that vanished last first.
#[utoipa::path(
    get,
    path = "/cluster/{cluster}/history",
    responses((status = 200, description = "The rules.", body = HistoryResponse))
)]
pub(crate) async fn history(
    asked: Asked,
    InPath(path): InPath<ClusterPath>,
    State(api): State<Arc<Api>>,
) -> Result<Response, ApiError> {
    let answering = async {
        let data = api.public.cluster_history(&asked.caller, path.cluster.0).await?;
        Ok(HistoryResponse { data, status: Status::Ok })
    };
    asked.answer(&api, answering).await
}

/// Ids of the clusters of an organisation.
#[utoipa::path(
    get,
    path = "/organizations/{org_id}/clusters",
    responses((status = 200, description = "The clusters.", body = ClusterIdsResponse))
)]
pub(crate) async fn clusters_of_organization(
    asked: Asked,
    InPath(path): InPath<OrganizationPath>,
    State(api): State<Arc<Api>>,
) -> Result<Response, ApiError> {
    require_own(&asked, &path.org_id.0)?;
    let answering = async {
        let clusters = api.public.clusters(&asked.caller).await?;
        let clusters = clusters.into_iter().map(|cluster| cluster.cluster_id.to_string()).collect();
        Ok(ClusterIdsResponse { clusters, status: Status::Ok })
    };
    asked.answer(&api, answering).await
}

/// The name of a cluster.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NameRequest {
    /// The name, of at most 256 characters; empty removes the name.
    name: String,
}

/// Names a cluster. Account management's name comes before it.
#[utoipa::path(
    put,
    path = "/cluster/{cluster}/name",
    request_body = NameRequest,
    responses((status = 200, description = "The cluster has the name.", body = Done))
)]
pub(crate) async fn set_name(
    Authenticated(caller): Authenticated,
    InPath(path): InPath<ClusterPath>,
    State(api): State<Arc<Api>>,
    JsonBody(body): JsonBody<NameRequest>,
) -> Result<Done, ApiError> {
    rename(&caller, path.cluster.0, &api, &body.name).await
}

async fn rename(caller: &Caller, cluster: ClusterId, api: &Api, name: &str) -> Result<Done, ApiError> {
    api.public.set_cluster_name(caller, cluster, name).await?;
    api.invalidate_report(cluster);
    Ok(DONE)
}

/// Returns the clusters that are asked for, and their order.
fn selection(query: &Query) -> Result<ClusterSelection, RequestError> {
    let (order, is_descending) = match query.text("sort") {
        None => (ClusterOrder::Id, false),
        Some(text) => {
            let (name, is_descending) = text.strip_prefix('-').map_or((text, false), |name| (name, true));
            (order(name).ok_or_else(|| bad_parameter("sort", text, ORDERS))?, is_descending)
        }
    };
    let page = query.page()?;
    Ok(ClusterSelection {
        text: query.text("name").map(str::to_owned),
        risks: query.risks("total_risk")?.unwrap_or_default(),
        versions: query.texts("version").filter(|version| !version.is_empty()).map(str::to_owned).collect(),
        stale: query.flag("stale")?,
        order,
        is_descending,
        offset: page.offset,
        limit: page.limit,
    })
}

const ORDERS: &str = "cluster_name, last_checked_at, total_hit_count, severity or cluster_version expected";

fn order(name: &str) -> Option<ClusterOrder> {
    Some(match name {
        "cluster_name" | "name" => ClusterOrder::Name,
        "last_checked_at" => ClusterOrder::LastCheckedAt,
        "total_hit_count" => ClusterOrder::HitCount,
        "severity" => ClusterOrder::Severity,
        "cluster_version" => ClusterOrder::Version,
        _ => return None,
    })
}
