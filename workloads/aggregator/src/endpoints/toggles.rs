//! Rules that an organisation disables for single clusters.

use std::sync::Arc;

use axum::extract::State;
use ccx_http::{ClusterListBody, ClusterUuid, DONE, Done, InPath, Json, Param, Status};
use ccx_messages::{ErrorKey, RuleFqdn};
use ccx_storage::feedback;
use chrono::Utc;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::cluster_rule::{ClusterRulePath, require_written};
use crate::{
    api::Api,
    error::ApiError,
    go_time::{NullTime, format_with_fraction},
    member::Member,
};

/// Disables a rule for a cluster.
#[utoipa::path(
    put,
    path = "/clusters/{cluster}/rules/{rule_id}/error_key/{error_key}/organizations/{org_id}/disable",
    responses((status = 200, description = "The rule is disabled.", body = Done))
)]
pub(crate) async fn disable_rule(
    member: Member,
    InPath(path): InPath<ClusterRulePath>,
    State(api): State<Arc<Api>>,
) -> Result<Done, ApiError> {
    toggle(&api, member, path, true).await
}

/// Enables a rule for a cluster again.
#[utoipa::path(
    put,
    path = "/clusters/{cluster}/rules/{rule_id}/error_key/{error_key}/organizations/{org_id}/enable",
    responses((status = 200, description = "The rule is enabled.", body = Done))
)]
pub(crate) async fn enable_rule(
    member: Member,
    InPath(path): InPath<ClusterRulePath>,
    State(api): State<Arc<Api>>,
) -> Result<Done, ApiError> {
    toggle(&api, member, path, false).await
}

async fn toggle(
    api: &Api,
    member: Member,
    path: ClusterRulePath,
    is_disabled: bool,
) -> Result<Done, ApiError> {
    let rule = path.into_rule(member);
    let change = api.database.toggle_rule(&rule, is_disabled, Utc::now()).await?;
    require_written(api, change, rule.cluster_id)?;
    Ok(DONE)
}

#[derive(Serialize, ToSchema)]
pub(crate) struct DisabledRulesResponse {
    rules: Vec<DisabledRule>,
    status: Status,
}

/// A rule that is disabled for a cluster. The fields have the names of the Go struct that clients know.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct DisabledRule {
    #[serde(rename = "ClusterID")]
    cluster_id: String,
    /// The rule's module and `.report`.
    #[serde(rename = "RuleID")]
    rule_id: String,
    error_key: String,
    /// Always 1.
    disabled: i16,
    disabled_at: NullTime,
    enabled_at: NullTime,
    updated_at: NullTime,
}

impl From<feedback::RuleToggle> for DisabledRule {
    fn from(toggle: feedback::RuleToggle) -> Self {
        Self {
            cluster_id: toggle.cluster_id,
            rule_id: toggle.rule_id,
            error_key: toggle.error_key,
            disabled: toggle.disabled,
            disabled_at: toggle.disabled_at.into(),
            enabled_at: toggle.enabled_at.into(),
            updated_at: toggle.updated_at.into(),
        }
    }
}

/// Rules that an organisation has disabled for single clusters.
#[utoipa::path(
    get,
    path = "/rules/organizations/{org_id}/disabled",
    responses((status = 200, description = "The rules with their clusters.", body = DisabledRulesResponse))
)]
pub(crate) async fn disabled_rules(
    member: Member,
    State(api): State<Arc<Api>>,
) -> Result<Json<DisabledRulesResponse>, ApiError> {
    response(api.database.disabled_rules(member.org_id()).await?)
}

/// Rules that an organisation has disabled for the clusters in the body.
#[utoipa::path(
    post,
    path = "/rules/organizations/{org_id}/disabled_for_clusters",
    request_body = Vec<ClusterUuid>,
    responses((status = 200, description = "The rules with their clusters.", body = DisabledRulesResponse))
)]
pub(crate) async fn disabled_rules_for_clusters(
    member: Member,
    State(api): State<Arc<Api>>,
    ClusterListBody(clusters): ClusterListBody,
) -> Result<Json<DisabledRulesResponse>, ApiError> {
    response(api.database.disabled_rules_of_clusters(member.org_id(), &clusters).await?)
}

fn response(toggles: Vec<feedback::RuleToggle>) -> Result<Json<DisabledRulesResponse>, ApiError> {
    let rules = toggles.into_iter().map(DisabledRule::from).collect();
    Ok(Json::new(&DisabledRulesResponse { rules, status: Status::Ok })?)
}

#[derive(Deserialize)]
pub(super) struct RuleKeyPath {
    rule_id: Param<RuleFqdn>,
    error_key: Param<ErrorKey>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct DisabledClustersResponse {
    /// The clusters, the latest first; null when there are none.
    clusters: Option<Vec<DisabledCluster>>,
    status: Status,
}

/// A cluster for which a rule is disabled.
#[derive(Serialize, ToSchema)]
struct DisabledCluster {
    cluster_id: String,
    /// Always empty; the service in front fills it in.
    cluster_name: &'static str,
    /// When the rule was disabled; empty when unknown.
    #[schema(example = "2026-01-23T16:15:59.478901Z")]
    disabled_at: String,
    /// The latest reason that a user gave; may be empty.
    justification: String,
}

/// Clusters for which an organisation has disabled a rule.
#[utoipa::path(
    get,
    path = "/clusters/rules/{rule_id}/error_key/{error_key}/organizations/{org_id}/disabled",
    responses((status = 200, description = "The clusters.", body = DisabledClustersResponse))
)]
pub(crate) async fn disabled_clusters(
    member: Member,
    InPath(path): InPath<RuleKeyPath>,
    State(api): State<Arc<Api>>,
) -> Result<Json<DisabledClustersResponse>, ApiError> {
    let (rule, error_key) = (path.rule_id.0, path.error_key.0);
    let found = api.database.clusters_with_disabled_rule(member.org_id(), &rule, &error_key).await?;
    let clusters: Vec<DisabledCluster> = found
        .into_iter()
        .map(|cluster| DisabledCluster {
            cluster_id: cluster.cluster_id,
            cluster_name: "",
            disabled_at: cluster.disabled_at.map(format_with_fraction).unwrap_or_default(),
            justification: cluster.justification,
        })
        .collect();
    let clusters = (!clusters.is_empty()).then_some(clusters);
    Ok(Json::new(&DisabledClustersResponse { clusters, status: Status::Ok })?)
}
