//! The texts of rules.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use ccx_content::Group;
use ccx_http::{InPath, Param, Status};
use ccx_messages::RuleFqdn;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::Api,
    asked::Asked,
    error::ApiError,
    model::{ContentForm, RuleContent},
};

#[derive(Deserialize)]
pub(super) struct ModulePath {
    rule_id: Param<RuleFqdn>,
}

/// A category that users filter by.
#[derive(ToSchema)]
#[schema(as = Group)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct GroupSchema {
    /// The display name.
    title: String,
    /// A description.
    description: String,
    /// The tags of its findings.
    tags: Vec<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct GroupsResponse {
    #[schema(value_type = Vec<GroupSchema>)]
    groups: Vec<Group>,
    status: Status,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct RuleContentResponse {
    content: RuleContent,
    status: Status,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct AllContentResponse {
    content: Vec<RuleContent>,
    status: Status,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ContentWithGroupsResponse {
    content: Vec<RuleContent>,
    #[schema(value_type = Vec<GroupSchema>)]
    groups: Vec<Group>,
    status: Status,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct RuleIdsResponse {
    /// The modules of the rules, sorted.
    rules: Vec<String>,
    status: Status,
}

/// Categories that users filter by.
#[utoipa::path(get, path = "/groups", responses((status = 200, description = "The categories.", body = GroupsResponse)))]
pub(crate) async fn groups(asked: Asked, State(api): State<Arc<Api>>) -> Result<Response, ApiError> {
    let answering =
        async { Ok(GroupsResponse { groups: api.public.groups(&asked.caller), status: Status::Ok }) };
    asked.answer(&api, answering).await
}

/// Texts of a rule and all its error keys.
#[utoipa::path(
    get,
    path = "/rules/{rule_id}/content",
    responses((status = 200, description = "The texts.", body = RuleContentResponse))
)]
pub(crate) async fn rule_content_v1(
    asked: Asked,
    InPath(path): InPath<ModulePath>,
    State(api): State<Arc<Api>>,
) -> Result<Response, ApiError> {
    let answering = async {
        let content = api.public.rule_content(&asked.caller, &path.rule_id.0, ContentForm::Public)?;
        Ok(RuleContentResponse { content, status: Status::Ok })
    };
    asked.answer(&api, answering).await
}

/// Modules of all rules with texts.
#[utoipa::path(get, path = "/rule_ids", responses((status = 200, description = "The modules.", body = RuleIdsResponse)))]
pub(crate) async fn rule_ids(asked: Asked, State(api): State<Arc<Api>>) -> Result<Response, ApiError> {
    let answering =
        async { Ok(RuleIdsResponse { rules: api.public.rule_ids(&asked.caller), status: Status::Ok }) };
    asked.answer(&api, answering).await
}

/// Texts of all rules.
#[utoipa::path(get, path = "/content", responses((status = 200, description = "The texts.", body = AllContentResponse)))]
pub(crate) async fn content_v1(asked: Asked, State(api): State<Arc<Api>>) -> Result<Response, ApiError> {
    let answering = async {
        let content = api.public.all_content(&asked.caller, ContentForm::Public);
        Ok(AllContentResponse { content, status: Status::Ok })
    };
    asked.answer(&api, answering).await
}

/// Texts of all rules, and the categories that users filter by.
#[utoipa::path(
    get,
    path = "/content",
    responses((status = 200, description = "The texts and categories.", body = ContentWithGroupsResponse))
)]
pub(crate) async fn content_v2(asked: Asked, State(api): State<Arc<Api>>) -> Result<Response, ApiError> {
    let answering = async {
        let content = api.public.all_content(&asked.caller, ContentForm::Public);
        Ok(ContentWithGroupsResponse {
            content,
            groups: api.public.groups(&asked.caller),
            status: Status::Ok,
        })
    };
    asked.answer(&api, answering).await
}
