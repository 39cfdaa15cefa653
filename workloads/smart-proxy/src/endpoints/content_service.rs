//! The endpoints of `insights-content-service`. They need no identity: the texts are not about any cluster.
//!
//! The original sends the texts of all rules in an encoding of Go; here they are JSON, under the name that its document states.

use std::{collections::BTreeMap, sync::Arc};

use axum::{extract::State, http::StatusCode, response::Response};
use ccx_content::{Group, Problem, RuleState, RuleStatus, Severity};
use ccx_http::{DONE, Done, Json, Status, json_response};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    content::GroupSchema,
    service::{self, versions},
};
use crate::{
    api::Api,
    error::ApiError,
    model::{ContentForm, RuleContent},
    query::Query,
};

/// The types of rules, each a folder at the top of a content tree, and a filter of the status.
const TYPES: [&str; 4] = ["external", "internal", "ocs", "rhbk"];

#[derive(Serialize, ToSchema)]
pub(crate) struct InfoResponse {
    info: BTreeMap<&'static str, String>,
    status: Status,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct GroupsResponse {
    #[schema(value_type = Vec<GroupSchema>)]
    groups: Vec<Group>,
    status: Status,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ContentResponse {
    /// The levels of the names of impacts and resolution risks.
    config: ContentConfig,
    /// The texts of each rule.
    rules: BTreeMap<String, RuleContent>,
    status: Status,
}

/// The levels of names.
#[derive(Serialize, ToSchema)]
struct ContentConfig {
    impact: BTreeMap<String, u8>,
    resolution_risk: BTreeMap<String, u8>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct StatusResponse {
    rules: BTreeMap<String, LoadedRule>,
    status: Status,
}

/// The state of a rule's folder.
#[derive(Serialize, ToSchema)]
struct LoadedRule {
    /// The first folder of its path, for example `external`.
    #[serde(rename = "type")]
    kind: String,
    /// Whether all its texts can be shown.
    loaded: bool,
    /// The first problem; empty without one.
    error: String,
}

/// Whether the service answers.
#[utoipa::path(get, path = "/", responses((status = 200, description = "It does.", body = Done)))]
pub(crate) async fn root() -> Done {
    DONE
}

/// Versions of the service.
#[utoipa::path(get, path = "/info", responses((status = 200, description = "The versions.", body = InfoResponse)))]
pub(crate) async fn info() -> Result<Json<InfoResponse>, ApiError> {
    Ok(Json::new(&InfoResponse { info: versions(), status: Status::Ok })?)
}

/// Metrics in Prometheus' text format.
#[utoipa::path(
    get,
    path = "/metrics",
    responses((status = 200, description = "The metrics.", body = String, content_type = "text/plain"))
)]
pub(crate) async fn metrics(state: State<Arc<Api>>) -> Result<Response, ApiError> {
    service::metrics(state).await
}

/// This document.
#[utoipa::path(get, path = "/openapi.json", responses((status = 200, description = "The document.", body = Object)))]
pub(crate) async fn openapi(State(api): State<Arc<Api>>) -> Response {
    json_response(StatusCode::OK, api.documents.content.clone().into())
}

/// Categories that users filter by.
#[utoipa::path(get, path = "/groups", responses((status = 200, description = "The categories.", body = GroupsResponse)))]
pub(crate) async fn groups(State(api): State<Arc<Api>>) -> Result<Json<GroupsResponse>, ApiError> {
    let groups = api.public.content.get().groups().to_vec();
    Ok(Json::new(&GroupsResponse { groups, status: Status::Ok })?)
}

/// Texts of all rules but internal ones.
#[utoipa::path(get, path = "/content", responses((status = 200, description = "The texts.", body = ContentResponse)))]
pub(crate) async fn content(State(api): State<Arc<Api>>) -> Result<Json<ContentResponse>, ApiError> {
    let texts = api.public.public_texts();
    let (mut impact, mut resolution_risk) = (BTreeMap::new(), BTreeMap::new());
    for content in texts.all() {
        impact.insert(content.impact.name.clone(), content.impact.level);
        resolution_risk.insert(content.resolution_risk.name.clone(), content.resolution_risk.level);
    }
    let rules = RuleContent::all(&texts, ContentForm::Source);
    let rules = rules.into_iter().map(|rule| (rule.plugin.python_module.clone(), rule)).collect();
    let config = ContentConfig { impact, resolution_risk };
    Ok(Json::new(&ContentResponse { config, rules, status: Status::Ok })?)
}

/// State of the folders of all rules.
#[utoipa::path(
    get,
    path = "/status",
    params(
        ("internal" = Option<String>, Query, description = "If present, internal rules are among those that are listed."),
        ("external" = Option<String>, Query, description = "If present, external rules are among those that are listed."),
        ("rule" = Option<String>, Query, description = "A name of a rule; may be given several times.")
    ),
    responses((status = 200, description = "The states.", body = StatusResponse))
)]
pub(crate) async fn status(
    query: Query,
    State(api): State<Arc<Api>>,
) -> Result<Json<StatusResponse>, ApiError> {
    let mut rules = BTreeMap::new();
    for tree in api.public.content.get().trees() {
        for status in tree.rules() {
            let name = status.folder.rsplit('/').next().unwrap_or_default();
            if is_listed(&query, status, name) {
                rules.entry(name.to_owned()).or_insert_with(|| LoadedRule::from(status));
            }
        }
    }
    Ok(Json::new(&StatusResponse { rules, status: Status::Ok })?)
}

/// Without a filter, all rules are listed.
fn is_listed(query: &Query, status: &RuleStatus, name: &str) -> bool {
    let has_filter = query.has("rule") || TYPES.iter().any(|kind| query.has(kind));
    let kind = kind(status);
    !has_filter || query.has(kind) || query.texts("rule").any(|rule| rule == name)
}

fn kind(status: &RuleStatus) -> &str {
    status.folder.split('/').next().unwrap_or_default()
}

impl From<&RuleStatus> for LoadedRule {
    fn from(status: &RuleStatus) -> Self {
        let error = status.problems.iter().find(|problem| problem.severity == Severity::Error);
        Self {
            kind: kind(status).to_owned(),
            loaded: status.state() == RuleState::Loaded,
            error: error.map(Problem::to_string).unwrap_or_default(),
        }
    }
}
