//! The clusters of an organisation.

use std::{cmp::Reverse, sync::Arc};

use axum::{extract::State, response::Response};
use ccx_http::{InPath, Param, RequestError, Status};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::reports::{AnyOrganization, ClusterPath, require_own};
use crate::{
    api::Api,
    asked::Asked,
    error::ApiError,
    model::{ClusterInfo, ClusterSummary},
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
        ("stale" = Option<bool>, Query, description = "Only clusters whose report is stale, or is not."),
        ("sort" = Option<String>, Query, description = "`cluster_name`, `last_checked_at`, `total_hit_count` or `cluster_version`; descending with `-` in front."),
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
    let selection = Selection::new(&query)?;
    let page = query.page()?;
    let answering = async {
        let clusters = selection.of(api.public.clusters(&asked.caller).await?);
        let meta = Count { count: clusters.len() };
        Ok(ClustersResponse { data: page.of(clusters), meta, status: Status::Ok })
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

/// The clusters that are asked for, and their order.
struct Selection {
    name: Option<String>,
    risks: Option<Vec<u8>>,
    stale: Option<bool>,
    sort: Option<(Column, bool)>,
}

#[derive(Clone, Copy)]
enum Column {
    Name,
    LastCheckedAt,
    HitCount,
    Version,
}

impl Selection {
    fn new(query: &Query) -> Result<Self, RequestError> {
        let column = |text: &str| match text {
            "cluster_name" | "name" => Some(Column::Name),
            "last_checked_at" => Some(Column::LastCheckedAt),
            "total_hit_count" => Some(Column::HitCount),
            "cluster_version" => Some(Column::Version),
            _ => None,
        };
        let sort = query.text("sort").map(|text| {
            let (name, is_descending) = text.strip_prefix('-').map_or((text, false), |name| (name, true));
            column(name).map(|column| (column, is_descending)).ok_or_else(|| {
                bad_parameter(
                    "sort",
                    text,
                    "cluster_name, last_checked_at, total_hit_count or cluster_version expected",
                )
            })
        });
        Ok(Self {
            name: query.text("name").map(str::to_lowercase),
            risks: query.risks("total_risk")?,
            stale: query.flag("stale")?,
            sort: sort.transpose()?,
        })
    }

    fn of(&self, mut clusters: Vec<ClusterSummary>) -> Vec<ClusterSummary> {
        clusters.retain(|cluster| self.includes(cluster));
        if let Some((column, is_descending)) = self.sort {
            match column {
                Column::Name => clusters.sort_by_cached_key(|cluster| cluster.cluster_name.to_lowercase()),
                Column::LastCheckedAt => clusters.sort_by_key(|cluster| cluster.last_checked_at),
                Column::HitCount => clusters.sort_by_key(|cluster| cluster.total_hit_count),
                Column::Version => clusters.sort_by_cached_key(version),
            }
            if is_descending {
                clusters.reverse();
            }
        }
        clusters
    }

    fn includes(&self, cluster: &ClusterSummary) -> bool {
        let is_named = self.name.as_ref().is_none_or(|name| {
            cluster.cluster_name.to_lowercase().contains(name)
                || cluster.cluster_id.to_string().contains(name)
        });
        let hits = &cluster.hits_by_total_risk;
        let has_risk = self.risks.as_ref().is_none_or(|risks| risks.iter().any(|risk| hits.get(*risk) > 0));
        is_named && has_risk && self.stale.is_none_or(|stale| stale == cluster.stale)
    }
}

/// Returns a key by which versions sort by their numbers.
fn version(cluster: &ClusterSummary) -> (Vec<u32>, Reverse<bool>) {
    let version = cluster.cluster_version.as_deref().unwrap_or_default();
    let numbers = version.split(['.', '-', '+']).map_while(|part| part.parse().ok()).collect();
    (numbers, Reverse(version.contains('-')))
}
