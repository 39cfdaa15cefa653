//! Recommendations for the workloads of namespaces.

use std::{collections::BTreeMap, sync::Arc};

use axum::extract::State;
use ccx_http::{ClusterListBody, ClusterUuid, InPath, Json, NamespaceId, Param, Status};
use ccx_messages::{ClusterId, OrgId, format_utc_seconds};
use ccx_storage::read;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::{api::Api, error::ApiError, member::Member};

#[derive(Serialize, ToSchema)]
pub(crate) struct WorkloadsResponse {
    status: Status,
    workloads: Vec<NamespaceSummary>,
}

/// A namespace, and how many of its workloads each rule hits.
#[derive(Serialize, ToSchema)]
struct NamespaceSummary {
    cluster: Cluster,
    namespace: Namespace,
    metadata: NamespaceMeta,
    /// Number of workloads for each rule with its error key.
    recommendations_hit_count: BTreeMap<String, i64>,
}

/// A cluster.
#[derive(Serialize, ToSchema)]
struct Cluster {
    uuid: String,
    /// Always empty; the service in front fills it in.
    display_name: &'static str,
}

/// A namespace.
#[derive(Serialize, ToSchema)]
struct Namespace {
    uuid: String,
    /// The name; empty when unknown.
    name: String,
}

/// The size and the age of a namespace's report.
#[derive(Serialize, ToSchema)]
struct NamespaceMeta {
    /// Number of recommendations.
    recommendations: i32,
    /// Number of workloads that they concern.
    objects: i32,
    /// When the namespace was first reported; empty when unknown.
    #[schema(example = "2026-01-23T16:15:59Z")]
    reported_at: String,
    /// When the archive was announced; empty when unknown.
    #[schema(example = "2026-01-23T16:15:59Z")]
    last_checked_at: String,
    /// Always 0; the service in front fills it in.
    highest_severity: u8,
    /// Always null; the service in front fills it in.
    hits_by_severity: Option<BTreeMap<u8, u32>>,
}

/// Namespaces of an organisation with recommendations for their workloads.
#[utoipa::path(
    get,
    path = "/organization/{org_id}/workloads",
    responses((status = 200, description = "The namespaces.", body = WorkloadsResponse))
)]
pub(crate) async fn workloads(
    member: Member,
    State(api): State<Arc<Api>>,
) -> Result<Json<WorkloadsResponse>, ApiError> {
    list(&api, member.org_id(), None).await
}

/// Namespaces of the clusters in the body with recommendations for their workloads.
#[utoipa::path(
    post,
    path = "/organization/{org_id}/workloads",
    request_body = Vec<ClusterUuid>,
    responses((status = 200, description = "The namespaces.", body = WorkloadsResponse))
)]
pub(crate) async fn workloads_of_clusters(
    member: Member,
    State(api): State<Arc<Api>>,
    ClusterListBody(clusters): ClusterListBody,
) -> Result<Json<WorkloadsResponse>, ApiError> {
    list(&api, member.org_id(), Some(&clusters)).await
}

async fn list(
    api: &Api,
    org_id: OrgId,
    clusters: Option<&[ClusterId]>,
) -> Result<Json<WorkloadsResponse>, ApiError> {
    let stored = api.database.namespaces(org_id, clusters).await?;
    let workloads = stored.into_iter().map(NamespaceSummary::from).collect();
    Ok(Json::new(&WorkloadsResponse { status: Status::Ok, workloads })?)
}

impl From<read::Namespace> for NamespaceSummary {
    fn from(stored: read::Namespace) -> Self {
        let recommendations_hit_count = serde_json::from_str(&stored.hit_counts).unwrap_or_default();
        let (cluster, namespace, metadata) = describe(stored);
        Self { cluster, namespace, metadata, recommendations_hit_count }
    }
}

fn describe(stored: read::Namespace) -> (Cluster, Namespace, NamespaceMeta) {
    let metadata = NamespaceMeta {
        recommendations: stored.recommendations,
        objects: stored.objects,
        reported_at: stored.reported_at.map(format_utc_seconds).unwrap_or_default(),
        last_checked_at: stored.last_checked_at.map(format_utc_seconds).unwrap_or_default(),
        highest_severity: 0,
        hits_by_severity: None,
    };
    let cluster = Cluster { uuid: stored.cluster_id, display_name: "" };
    (cluster, Namespace { uuid: stored.namespace_id, name: stored.namespace_name }, metadata)
}

#[derive(Deserialize)]
pub(super) struct NamespacePath {
    cluster: Param<ClusterId>,
    namespace: Param<NamespaceId>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct NamespaceResponse {
    status: Status,
    workloads: NamespaceWorkloads,
}

/// A namespace with its recommendations.
#[derive(Serialize, ToSchema)]
struct NamespaceWorkloads {
    /// Always empty; the service in front fills it in.
    status: &'static str,
    cluster: Cluster,
    namespace: Namespace,
    metadata: NamespaceMeta,
    recommendations: Vec<WorkloadRecommendation>,
}

/// A recommendation for workloads of a namespace. The texts are always empty; the service in front fills them in.
#[derive(Serialize, ToSchema)]
struct WorkloadRecommendation {
    /// The rule's module, a bar and an error key.
    check: String,
    details: &'static str,
    resolution: &'static str,
    modified: &'static str,
    more_info: &'static str,
    /// The data for the texts.
    #[schema(value_type = Object)]
    extra_data: Box<RawValue>,
    objects: Vec<Workload>,
}

/// A workload.
#[derive(Serialize, ToSchema)]
struct Workload {
    kind: String,
    uid: String,
    /// The workload's name; empty when unknown.
    display_name: String,
}

impl From<read::WorkloadRecommendation> for WorkloadRecommendation {
    fn from(stored: read::WorkloadRecommendation) -> Self {
        let workload = |read::Workload { kind, uid, name }| Workload { kind, uid, display_name: name };
        Self {
            check: format!("{}|{}", stored.rule, stored.error_key),
            details: "",
            resolution: "",
            modified: "",
            more_info: "",
            extra_data: stored.details,
            objects: stored.workloads.into_iter().map(workload).collect(),
        }
    }
}

/// Recommendations for the workloads of a namespace.
#[utoipa::path(
    get,
    path = "/organization/{org_id}/namespace/{namespace}/cluster/{cluster}/workloads",
    responses((status = 200, description = "The namespace.", body = NamespaceResponse))
)]
pub(crate) async fn workloads_of_namespace(
    member: Member,
    InPath(path): InPath<NamespacePath>,
    State(api): State<Arc<Api>>,
) -> Result<Json<NamespaceResponse>, ApiError> {
    let (org_id, cluster_id, NamespaceId(uid)) = (member.org_id(), path.cluster.0, path.namespace.0);
    let stored = api.database.namespace(org_id, cluster_id, &uid).await?;
    let item = || format!("{org_id}/{cluster_id}/{uid}");
    let stored = stored.ok_or_else(|| ApiError::NotFound { item: item() })?;
    let recommendations = stored.recommendations().into_iter().map(Into::into).collect();
    let (cluster, namespace, metadata) = describe(stored.namespace);
    let workloads = NamespaceWorkloads { status: "", cluster, namespace, metadata, recommendations };
    Ok(Json::new(&NamespaceResponse { status: Status::Ok, workloads })?)
}
