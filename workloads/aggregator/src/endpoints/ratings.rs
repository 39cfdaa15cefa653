//! Organisations' ratings of rules.

use std::sync::Arc;

use axum::extract::State;
use ccx_http::{InPath, Json, JsonBody, Param, Status, TrimmedSelector, shown, trimmed_selector};
use chrono::Utc;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{api::Api, error::ApiError, member::Member};

/// A rating of a rule.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct Rating {
    /// The rule's module, a bar and an error key.
    #[serde(default)]
    #[schema(required = true, pattern = r"^[a-zA-Z_0-9]+\.[a-zA-Z_0-9.]+\|[a-zA-Z_0-9]+$")]
    rule: String,
    /// -1, 0 or 1.
    #[serde(default)]
    #[schema(required = true, minimum = -1, maximum = 1)]
    rating: i64,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct RatedResponse {
    ratings: Rating,
    status: Status,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct RatingResponse {
    rating: Rating,
    status: Status,
}

/// Rates a rule.
#[utoipa::path(
    post,
    path = "/rules/organizations/{org_id}/rating",
    request_body = Rating,
    responses((status = 200, description = "The rating is stored.", body = RatedResponse))
)]
pub(crate) async fn rate(
    member: Member,
    State(api): State<Arc<Api>>,
    JsonBody(ratings): JsonBody<Rating>,
) -> Result<Json<RatedResponse>, ApiError> {
    let wrong_rule = |reason: &str| ApiError::OutOfRange {
        name: "rule",
        value: shown(&ratings.rule),
        reason: reason.to_owned(),
    };
    if ratings.rule.split('|').count() != 2 {
        return Err(wrong_rule("invalid rule ID, it must contain only rule ID and error key separated by |"));
    }
    let selector = trimmed_selector(&ratings.rule).ok_or_else(|| {
        wrong_rule("invalid rule ID, each part of ID must contain only from latin characters, number, underscores or dots")
    })?;
    let rating = i16::try_from(ratings.rating).ok().filter(|rating| (-1..=1).contains(rating));
    let rating = rating.ok_or_else(|| ApiError::OutOfRange {
        name: "rating",
        value: ratings.rating.to_string(),
        reason: "-1, 0 or 1 expected".to_owned(),
    })?;
    api.database.rate_rule(member.org_id(), &selector, rating, Utc::now()).await?;
    api.metrics.ratings.inc();
    Ok(Json::new(&RatedResponse { ratings, status: Status::Ok })?)
}

#[derive(Deserialize)]
pub(super) struct RatingPath {
    rule_selector: Param<TrimmedSelector>,
}

/// The organisation's rating of a rule.
#[utoipa::path(
    get,
    path = "/rules/{rule_selector}/organizations/{org_id}/rating",
    responses((status = 200, description = "The rating.", body = RatingResponse))
)]
pub(crate) async fn rating(
    member: Member,
    InPath(path): InPath<RatingPath>,
    State(api): State<Arc<Api>>,
) -> Result<Json<RatingResponse>, ApiError> {
    let (org_id, TrimmedSelector(selector)) = (member.org_id(), path.rule_selector.0);
    let rating = api.database.rating(org_id, &selector).await?;
    let rating = rating.ok_or_else(|| ApiError::NotFound { item: format!("{org_id}/{selector}") })?;
    let rating = Rating { rule: selector.to_string(), rating: rating.into() };
    Ok(Json::new(&RatingResponse { rating, status: Status::Ok })?)
}
