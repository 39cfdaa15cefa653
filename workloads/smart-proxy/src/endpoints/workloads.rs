//! Recommendations for the workloads of namespaces.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use ccx_http::{InPath, NamespaceId, Param, Status};
use ccx_messages::ClusterId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::Api,
    asked::Asked,
    error::ApiError,
    model::{NamespaceSummary, WorkloadReport},
    query::Query,
};

#[derive(Deserialize)]
pub(super) struct NamespacePath {
    namespace: Param<NamespaceId>,
    cluster: Param<ClusterId>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct WorkloadsResponse {
    status: Status,
    workloads: Vec<NamespaceSummary>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct WorkloadResponse {
    status: Status,
    #[serde(flatten)]
    report: WorkloadReport,
}

/// Namespaces with recommendations for their workloads.
#[utoipa::path(
    get,
    path = "/namespaces/dvo",
    params(
        ("limit" = Option<usize>, Query, description = "Length of the part of the list."),
        ("offset" = Option<usize>, Query, description = "Begin of the part of the list.")
    ),
    responses((status = 200, description = "The namespaces.", body = WorkloadsResponse))
)]
pub(crate) async fn workloads(
    asked: Asked,
    query: Query,
    State(api): State<Arc<Api>>,
) -> Result<Response, ApiError> {
    let page = query.page()?;
    let answering = async {
        let workloads = page.slice(api.public.workloads(&asked.caller).await?);
        Ok(WorkloadsResponse { status: Status::Ok, workloads })
    };
    asked.answer(&api, answering).await
}

/// Recommendations for the workloads of a namespace.
#[utoipa::path(
    get,
    path = "/namespaces/dvo/{namespace}/cluster/{cluster}",
    responses((status = 200, description = "The namespace.", body = WorkloadResponse))
)]
pub(crate) async fn workload(
    asked: Asked,
    InPath(path): InPath<NamespacePath>,
    State(api): State<Arc<Api>>,
) -> Result<Response, ApiError> {
    let (NamespaceId(namespace), cluster) = (path.namespace.0, path.cluster.0);
    let answering = async {
        let report = api.public.workload(&asked.caller, cluster, &namespace).await?;
        Ok(WorkloadResponse { status: Status::Ok, report })
    };
    asked.answer(&api, answering).await
}
