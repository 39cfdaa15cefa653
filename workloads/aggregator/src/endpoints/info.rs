use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use axum::extract::State;
use ccx_http::{Json, Status};
use ccx_service::BuildInfo;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{api::Api, error::ApiError, member::Authenticated};

/// Stands for a value that the build did not set.
const NOT_SET: &str = "*not set*";

#[derive(Serialize, ToSchema)]
pub(crate) struct InfoResponse {
    info: Info,
    status: Status,
}

/// Versions of the service and of the database's schemas. All are texts, also the numbers.
#[derive(Serialize, ToSchema)]
struct Info {
    #[serde(rename = "BuildBranch")]
    branch: &'static str,
    #[serde(rename = "BuildCommit")]
    commit: &'static str,
    #[serde(rename = "BuildTime")]
    time: &'static str,
    #[serde(rename = "BuildVersion")]
    version: &'static str,
    /// The same as `OCP_DB_version`, by its name in earlier releases.
    #[serde(rename = "DB_version")]
    schema: String,
    #[serde(rename = "DVO_DB_version")]
    dvo_schema: String,
    #[serde(rename = "OCP_DB_version")]
    public_schema: String,
    /// The version of the service's libraries, which are built with it.
    #[serde(rename = "UtilsVersion")]
    libraries: &'static str,
}

/// Versions of the service and of the database's schemas.
#[utoipa::path(get, path = "/info", responses((status = 200, description = "The versions.", body = InfoResponse)))]
pub(crate) async fn info(
    _: Authenticated,
    State(api): State<Arc<Api>>,
) -> Result<Json<InfoResponse>, ApiError> {
    let build = BuildInfo::current();
    let info = Info {
        branch: build.branch,
        commit: build.commit,
        time: build.time,
        version: build.version,
        dvo_schema: schema_version(&api.versions.dvo),
        public_schema: schema_version(&api.versions.public),
        schema: schema_version(&api.versions.public),
        libraries: concat!("v", env!("CARGO_PKG_VERSION")),
    };
    Ok(Json::new(&InfoResponse { info, status: Status::Ok })?)
}

fn schema_version(schema: &AtomicU32) -> String {
    match schema.load(Ordering::Relaxed) {
        0 => NOT_SET.to_owned(),
        version => version.to_string(),
    }
}
