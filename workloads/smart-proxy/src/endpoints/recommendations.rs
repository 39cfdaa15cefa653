//! Rules, and the clusters that they hit.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use ccx_content::Group;
use ccx_http::{InPath, Param, Status, TrimmedSelector};
use ccx_messages::RuleSelector;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::content::GroupSchema;
use crate::{
    api::Api,
    asked::Asked,
    error::ApiError,
    model::{ImpactedClusters, RecommendationDetails, RecommendationSummary},
    query::Query,
};

#[derive(Deserialize)]
pub(super) struct RulePath {
    rule_id: Param<RuleSelector>,
}

#[derive(Deserialize)]
pub(super) struct SelectorPath {
    rule_selector: Param<TrimmedSelector>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct RecommendationsResponse {
    recommendations: Vec<RecommendationSummary>,
    status: Status,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct RecommendationResponse {
    content: RecommendationDetails,
    #[schema(value_type = Vec<GroupSchema>)]
    groups: Vec<Group>,
    status: Status,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ContentResponse {
    content: RecommendationContent,
    #[schema(value_type = Vec<GroupSchema>)]
    groups: Vec<Group>,
    status: Status,
}

/// A rule with all its texts.
#[derive(Serialize, ToSchema)]
struct RecommendationContent {
    rule_id: String,
    description: String,
    generic: String,
    reason: String,
    resolution: String,
    more_info: String,
    total_risk: u8,
    resolution_risk: u8,
    impact: u8,
    likelihood: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    publish_date: Option<String>,
    tags: Vec<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ClustersDetailResponse {
    data: ImpactedClusters,
    status: Status,
}

/// Rules, with the number of clusters that each hits.
#[utoipa::path(
    get,
    path = "/rule",
    params(
        ("impacting" = Option<bool>, Query, description = "Only rules that hit a cluster, or that do not; all by default."),
        ("total_risk" = Option<String>, Query, description = "Severities, separated by commas."),
        ("category" = Option<String>, Query, description = "A tag."),
        ("text" = Option<String>, Query, description = "Part of the headline or id, in any case."),
        ("limit" = Option<usize>, Query, description = "Length of the part of the list."),
        ("offset" = Option<usize>, Query, description = "Begin of the part of the list.")
    ),
    responses((status = 200, description = "The rules.", body = RecommendationsResponse))
)]
pub(crate) async fn recommendations(
    asked: Asked,
    query: Query,
    State(api): State<Arc<Api>>,
) -> Result<Response, ApiError> {
    let (impacting, risks, page) = (query.flag("impacting")?, query.risks("total_risk")?, query.page()?);
    let answering = async {
        let mut recommendations = api.public.recommendations(&asked.caller, impacting).await?;
        recommendations.retain(|rule| {
            risks.as_ref().is_none_or(|risks| risks.contains(&rule.total_risk))
                && query.text("category").is_none_or(|tag| rule.tags.iter().any(|own| own == tag))
                && query.text("text").is_none_or(|text| is_about(rule, text))
        });
        Ok(RecommendationsResponse { recommendations: page.slice(recommendations), status: Status::Ok })
    };
    asked.answer(&api, answering).await
}

fn is_about(rule: &RecommendationSummary, text: &str) -> bool {
    let text = text.to_lowercase();
    rule.description.to_lowercase().contains(&text) || rule.rule_id.to_lowercase().contains(&text)
}

/// A rule with its texts, and the organisation's opinion.
#[utoipa::path(
    get,
    path = "/rule/{rule_id}",
    responses((status = 200, description = "The rule.", body = RecommendationResponse))
)]
pub(crate) async fn recommendation(
    asked: Asked,
    InPath(path): InPath<RulePath>,
    State(api): State<Arc<Api>>,
) -> Result<Response, ApiError> {
    let answering = async {
        let content = api.public.recommendation(&asked.caller, &path.rule_id.0).await?;
        Ok(RecommendationResponse { content, groups: api.public.groups(&asked.caller), status: Status::Ok })
    };
    asked.answer(&api, answering).await
}

/// A rule with its texts.
#[utoipa::path(
    get,
    path = "/rule/{rule_id}/content",
    responses((status = 200, description = "The rule.", body = ContentResponse))
)]
pub(crate) async fn recommendation_content(
    asked: Asked,
    InPath(path): InPath<RulePath>,
    State(api): State<Arc<Api>>,
) -> Result<Response, ApiError> {
    let answering = async {
        let content = api.public.recommendation_content(&asked.caller, &path.rule_id.0)?;
        let groups = api.public.groups(&asked.caller);
        Ok(ContentResponse { content: content.into(), groups, status: Status::Ok })
    };
    asked.answer(&api, answering).await
}

impl From<RecommendationDetails> for RecommendationContent {
    fn from(details: RecommendationDetails) -> Self {
        Self {
            rule_id: details.rule_id,
            description: details.description,
            generic: details.generic,
            reason: details.reason,
            resolution: details.resolution,
            more_info: details.more_info,
            total_risk: details.total_risk,
            resolution_risk: details.resolution_risk,
            impact: details.impact,
            likelihood: details.likelihood,
            publish_date: details.publish_date.map(ccx_messages::format_utc_seconds),
            tags: details.tags,
        }
    }
}

/// Clusters that a rule hits: those for which it is enabled, and those for which it is disabled.
#[utoipa::path(
    get,
    path = "/rule/{rule_selector}/clusters_detail",
    responses((status = 200, description = "The clusters.", body = ClustersDetailResponse))
)]
pub(crate) async fn clusters_detail(
    asked: Asked,
    InPath(path): InPath<SelectorPath>,
    State(api): State<Arc<Api>>,
) -> Result<Response, ApiError> {
    let TrimmedSelector(rule) = path.rule_selector.0;
    let answering = async {
        let data = api.public.clusters_detail(&asked.caller, &rule).await?;
        Ok(ClustersDetailResponse { data, status: Status::Ok })
    };
    asked.answer(&api, answering).await
}
