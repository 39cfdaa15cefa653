//! A cluster's latest report.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use ccx_config::Escaping;
use ccx_http::{AnswerCache, Encoded, InPath, Json, Key, Param, Parameter as _, Status, UserId};
use ccx_messages::{ClusterId, RuleSelector};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::Api,
    asked::Asked,
    error::ApiError,
    last_answers::Question,
    model::{self, RuleHit},
    public_api::ReportOptions,
    query::Query,
};

#[derive(Deserialize)]
pub(super) struct ClusterPath {
    pub(super) cluster: Param<ClusterId>,
}

#[derive(Deserialize)]
pub(super) struct OrganizationClusterPath {
    org_id: Param<AnyOrganization>,
    cluster: Param<ClusterId>,
}

/// An organisation in a path, to be compared with the caller's.
pub(super) struct AnyOrganization(pub(super) u32);

impl ccx_http::Parameter for AnyOrganization {
    fn parse(text: &str) -> Result<Self, ccx_http::Invalid> {
        let number = text.parse::<u32>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
        match number {
            None => Err(ccx_http::Invalid::because("unsigned integer expected")),
            Some(0) => Err(ccx_http::Invalid::because("positive value expected")),
            Some(number) => Ok(Self(number)),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct RulePath {
    cluster: Param<ClusterId>,
    rule_id: Param<RuleSelector>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ReportResponse {
    report: model::Report,
    status: Status,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ReportV1Response {
    report: ReportV1,
    status: Status,
}

/// The latest report of a cluster.
#[derive(Serialize, ToSchema)]
struct ReportV1 {
    meta: ReportV1Meta,
    data: Vec<RuleHit>,
}

/// The size and the time of a report.
#[derive(Serialize, ToSchema)]
struct ReportV1Meta {
    /// Number of rules that hit and are shown, or have no texts.
    count: usize,
    /// When the archive was announced.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    last_checked_at: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct RuleReportResponse {
    report: RuleHit,
    status: Status,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ReportInfoResponse {
    metainfo: model::ReportInfo,
    status: Status,
}

/// The version of the API in which a report is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    V1,
    V2,
}

/// Latest report of a cluster: the rules that hit, with their texts.
#[utoipa::path(
    get,
    path = "/cluster/{cluster}/reports",
    params(
        ("get_disabled" = Option<bool>, Query, description = "Whether disabled rules are part of the report."),
        ("rendered" = Option<bool>, Query, description = "Whether the texts are rendered; else they are templates."),
        ("escaping" = Option<String>, Query, description = "How data is inserted into rendered texts: `none`, or `markdown` as by the Advisor page.")
    ),
    responses((status = 200, description = "The report.", body = ReportResponse))
)]
pub(crate) async fn report_v2(
    asked: Asked,
    InPath(path): InPath<ClusterPath>,
    query: Query,
    State(api): State<Arc<Api>>,
) -> Result<Response, ApiError> {
    report(&asked, path.cluster.0, &query, &api, Version::V2).await
}

/// Latest report of a cluster: the rules that hit, with their texts.
#[utoipa::path(
    get,
    path = "/clusters/{cluster}/report",
    params(
        ("get_disabled" = Option<bool>, Query, description = "Whether disabled rules are part of the report."),
        ("osd_eligible" = Option<bool>, Query, description = "Whether only rules for clusters that the vendor manages are part.")
    ),
    responses((status = 200, description = "The report.", body = ReportV1Response))
)]
pub(crate) async fn report_v1(
    asked: Asked,
    InPath(path): InPath<ClusterPath>,
    query: Query,
    State(api): State<Arc<Api>>,
) -> Result<Response, ApiError> {
    report(&asked, path.cluster.0, &query, &api, Version::V1).await
}

/// Latest report of a cluster, at its old path.
#[utoipa::path(
    get,
    path = "/report/{org_id}/{cluster}",
    params(("get_disabled" = Option<bool>, Query, description = "Whether disabled rules are part of the report.")),
    responses((status = 200, description = "The report.", body = ReportV1Response))
)]
pub(crate) async fn report_of_organization(
    asked: Asked,
    InPath(path): InPath<OrganizationClusterPath>,
    query: Query,
    State(api): State<Arc<Api>>,
) -> Result<Response, ApiError> {
    require_own(&asked, &path.org_id.0)?;
    report(&asked, path.cluster.0, &query, &api, Version::V1).await
}

/// Fails unless the caller belongs to the organisation of the path.
pub(super) fn require_own(asked: &Asked, organization: &AnyOrganization) -> Result<(), ApiError> {
    if asked.caller.org_id.get() == organization.0 { Ok(()) } else { Err(ApiError::ForeignOrganization) }
}

async fn report(
    asked: &Asked,
    cluster: ClusterId,
    query: &Query,
    api: &Api,
    version: Version,
) -> Result<Response, ApiError> {
    let options = ReportOptions {
        include_disabled: query.flag("get_disabled")?.unwrap_or(false),
        rendered: query.flag("rendered")?.unwrap_or(false),
        escaping: query.escaping()?.unwrap_or(api.escaping),
        // As the original, which ignores a value that it can't parse.
        for_managed: version == Version::V1 && query.flag("osd_eligible").ok().flatten().unwrap_or(false),
    };
    let user = UserId::parse(asked.caller.user_id_or_zero());
    let form = form(asked.caller.internal, options, version);
    // The cache answers this path from what another one has read: both are one question.
    let question = || Question::about_report(&asked.caller, cluster, form);
    let (Some(cache), Ok(user)) = (&api.cache, user) else {
        return asked.encoded_for(api, question(), read(asked, cluster, options, api, version)).await;
    };
    let key = Key { org: asked.caller.org_id, cluster, user, form };
    if let Some(answer) = cache.get(&key) {
        api.metrics.cache_hits.inc();
        return Ok(answer.response(asked.coding));
    }
    asked.encoded_for(api, question(), read_into(cache, key, asked, options, api, version)).await
}

async fn read_into(
    cache: &AnswerCache,
    key: Key,
    asked: &Asked,
    options: ReportOptions,
    api: &Api,
    version: Version,
) -> Result<Arc<Encoded>, ApiError> {
    api.metrics.cache_misses.inc();
    let ticket = cache.ticket(key.cluster);
    let answer = read(asked, key.cluster, options, api, version).await?;
    if let Some(ticket) = ticket {
        cache.insert(ticket, key, Arc::clone(&answer));
        api.metrics.cache_bytes.set(cache.weight_bytes().cast_signed());
    }
    Ok(answer)
}

async fn read(
    asked: &Asked,
    cluster: ClusterId,
    options: ReportOptions,
    api: &Api,
    version: Version,
) -> Result<Arc<Encoded>, ApiError> {
    let report = api.public.cluster_report(&asked.caller, cluster, options).await?;
    Ok(Arc::new(match version {
        Version::V1 => Json::new(&ReportV1Response { report: report.into(), status: Status::Ok })?.into(),
        Version::V2 => Json::new(&ReportResponse { report, status: Status::Ok })?.into(),
    }))
}

/// Returns the number that distinguishes the forms of a report in the cache.
fn form(sees_internal: bool, options: ReportOptions, version: Version) -> u8 {
    let bits = [
        sees_internal,
        options.include_disabled,
        options.rendered,
        options.escaping == Escaping::Markdown,
        options.for_managed,
        version == Version::V1,
    ];
    bits.into_iter().fold(0, |form, bit| form << 1 | u8::from(bit))
}

impl From<model::Report> for ReportV1 {
    fn from(report: model::Report) -> Self {
        let last_checked_at = report.meta.last_checked_at.map(ccx_messages::format_utc_seconds);
        Self { meta: ReportV1Meta { count: report.meta.count, last_checked_at }, data: report.data }
    }
}

/// One rule that hit a cluster, with its texts.
#[utoipa::path(
    get,
    path = "/clusters/{cluster}/rules/{rule_id}/report",
    params(
        ("osd_eligible" = Option<bool>, Query, description = "Whether only rules for clusters that the vendor manages count.")
    ),
    responses((status = 200, description = "The rule.", body = RuleReportResponse))
)]
pub(crate) async fn rule_report(
    asked: Asked,
    InPath(path): InPath<RulePath>,
    query: Query,
    State(api): State<Arc<Api>>,
) -> Result<Response, ApiError> {
    let options = ReportOptions {
        include_disabled: true,
        rendered: query.flag("rendered")?.unwrap_or(false),
        escaping: query.escaping()?.unwrap_or(api.escaping),
        for_managed: query.flag("osd_eligible").ok().flatten().unwrap_or(false),
    };
    let answering = async {
        let report = api.public.cluster_rule(&asked.caller, path.cluster.0, &path.rule_id.0, options).await?;
        Ok(RuleReportResponse { report, status: Status::Ok })
    };
    asked.answer(&api, answering).await
}

/// Size and times of the latest report of a cluster.
#[utoipa::path(
    get,
    path = "/clusters/{cluster}/report/info",
    responses((status = 200, description = "The size and times.", body = ReportInfoResponse))
)]
pub(crate) async fn report_info(
    asked: Asked,
    InPath(path): InPath<ClusterPath>,
    State(api): State<Arc<Api>>,
) -> Result<Response, ApiError> {
    let answering = async {
        let metainfo = api.public.report_info(&asked.caller, path.cluster.0).await?;
        Ok(ReportInfoResponse { metainfo, status: Status::Ok })
    };
    asked.answer(&api, answering).await
}
