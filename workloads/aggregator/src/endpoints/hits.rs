//! Which rules hit which clusters.

use std::{collections::BTreeMap, sync::Arc};

use axum::extract::State;
use ccx_http::{
    ClusterListBody, ClusterUuid, InPath, Json, OptionalJsonBody, Param, Status, TrimmedSelector,
};
use ccx_storage::read::HitCluster;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::votes::UserPath;
use crate::{api::Api, error::ApiError, go_time::format_with_fraction, member::Member};

#[derive(Serialize, ToSchema)]
pub(crate) struct RulesOfClustersResponse {
    /// The clusters that each rule hits; a rule is named with its error key.
    recommendations: BTreeMap<String, Vec<String>>,
    status: Status,
}

/// Rules that hit some of the clusters in the body.
#[utoipa::path(
    post,
    path = "/recommendations/organizations/{org_id}/users/{user_id}/list",
    request_body = Vec<ClusterUuid>,
    responses((status = 200, description = "The rules with their clusters.", body = RulesOfClustersResponse))
)]
pub(crate) async fn rules_of_clusters(
    member: Member,
    InPath(_): InPath<UserPath>,
    State(api): State<Arc<Api>>,
    ClusterListBody(clusters): ClusterListBody,
) -> Result<Json<RulesOfClustersResponse>, ApiError> {
    let hits = api.database.rules_of_clusters(member.org_id(), &clusters).await?;
    let mut recommendations = BTreeMap::<String, Vec<String>>::new();
    for (rule, cluster) in hits {
        recommendations.entry(rule).or_default().push(cluster);
    }
    Ok(Json::new(&RulesOfClustersResponse { recommendations, status: Status::Ok })?)
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ClustersWithRulesResponse {
    /// The clusters that have a report.
    clusters: BTreeMap<String, ClusterRules>,
    status: Status,
}

/// The rules that hit a cluster.
#[derive(Serialize, ToSchema)]
struct ClusterRules {
    /// When the archive was announced; empty when unknown.
    #[schema(example = "2026-01-23T16:15:59.478901Z")]
    created_at: String,
    meta: ClusterMeta,
    /// The rules, each with its error key.
    recommendations: Vec<String>,
}

/// A cluster's version.
#[derive(Serialize, ToSchema)]
struct ClusterMeta {
    /// The OpenShift version; empty when unknown.
    cluster_version: String,
}

/// Rules that hit each of the clusters in the body.
#[utoipa::path(
    post,
    path = "/clusters/organizations/{org_id}/users/{user_id}/recommendations",
    request_body = Vec<ClusterUuid>,
    responses((status = 200, description = "The clusters with their rules.", body = ClustersWithRulesResponse))
)]
pub(crate) async fn clusters_with_rules(
    member: Member,
    InPath(_): InPath<UserPath>,
    State(api): State<Arc<Api>>,
    ClusterListBody(clusters): ClusterListBody,
) -> Result<Json<ClustersWithRulesResponse>, ApiError> {
    let stored = api.database.clusters_with_rules(member.org_id(), &clusters).await?;
    let clusters = stored
        .into_iter()
        .map(|cluster| {
            let rules = ClusterRules {
                created_at: cluster.last_checked_at.map(format_with_fraction).unwrap_or_default(),
                meta: ClusterMeta { cluster_version: cluster.version },
                recommendations: cluster.rules,
            };
            (cluster.cluster, rules)
        })
        .collect();
    Ok(Json::new(&ClustersWithRulesResponse { clusters, status: Status::Ok })?)
}

#[derive(Deserialize)]
pub(super) struct ClustersOfRulePath {
    rule_selector: Param<TrimmedSelector>,
}

/// The clusters to choose from.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ActiveClusters {
    /// Ids of clusters; none for all.
    #[serde(default)]
    #[schema(value_type = Option<Vec<ClusterUuid>>)]
    clusters: Option<Vec<String>>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ClustersOfRuleResponse {
    clusters: Vec<ClusterOfRule>,
    status: Status,
}

/// A cluster that a rule hits.
#[derive(Serialize, ToSchema)]
struct ClusterOfRule {
    cluster: String,
    /// Always empty; the service in front fills it in.
    cluster_name: &'static str,
    /// When the hit was last stored; empty when unknown.
    #[schema(example = "2026-01-23T16:15:59.478901Z")]
    last_checked_at: String,
    /// Since when the rule has hit without interruption; empty when unknown.
    #[schema(example = "2026-01-23T16:15:59.478901Z")]
    impacted: String,
    meta: ClusterMeta,
}

impl From<HitCluster> for ClusterOfRule {
    fn from(hit: HitCluster) -> Self {
        Self {
            cluster: hit.cluster_id,
            cluster_name: "",
            last_checked_at: hit.created_at.map(format_with_fraction).unwrap_or_default(),
            impacted: hit.impacted_since.map(format_with_fraction).unwrap_or_default(),
            meta: ClusterMeta { cluster_version: hit.version },
        }
    }
}

/// Clusters that a rule hits, optionally of those in the body.
#[utoipa::path(
    get,
    path = "/rules/{rule_selector}/organizations/{org_id}/users/{user_id}/clusters_detail",
    responses((status = 200, description = "The clusters.", body = ClustersOfRuleResponse))
)]
pub(crate) async fn clusters_detail(
    member: Member,
    InPath(path): InPath<ClustersOfRulePath>,
    InPath(_): InPath<UserPath>,
    State(api): State<Arc<Api>>,
    OptionalJsonBody(body): OptionalJsonBody<ActiveClusters>,
) -> Result<Json<ClustersOfRuleResponse>, ApiError> {
    let TrimmedSelector(selector) = path.rule_selector.0;
    let texts = body.and_then(|body| body.clusters).unwrap_or_default();
    let ClusterListBody(active) = ClusterListBody::parse(&texts, &api)?;
    let active = (!active.is_empty()).then_some(active);
    let hits = api.database.clusters_of_rule(member.org_id(), &selector, active.as_deref()).await?;
    if hits.is_empty() {
        return Err(ApiError::NotFound { item: selector.to_string() });
    }
    let clusters = hits.into_iter().map(ClusterOfRule::from).collect();
    Ok(Json::new(&ClustersOfRuleResponse { clusters, status: Status::Ok })?)
}
