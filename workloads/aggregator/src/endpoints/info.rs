//! `GET info`

use std::sync::atomic::{AtomicU32, Ordering};

use axum::http::Method;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    answer::Answer,
    api::Api,
    error::ApiError,
    openapi::schema,
    routes::{Content, Handler, Route},
};

pub(crate) const ROUTE: Route = Route {
    method: Method::GET,
    path: "info",
    operation: "info",
    summary: "The versions of the service and of the database's schemas.",
    handler: Handler::Known(|api| Box::pin(async { info(api) })),
    body: None,
    content: Content::Json(payload_schema),
};

/// What stands for a value that the build did not set.
const NOT_SET: &str = "*not set*";

/// All values are texts, also the numbers.
#[derive(Serialize)]
struct Info {
    #[serde(rename = "BuildBranch")]
    branch: &'static str,
    #[serde(rename = "BuildCommit")]
    commit: &'static str,
    #[serde(rename = "BuildTime")]
    time: &'static str,
    #[serde(rename = "BuildVersion")]
    version: &'static str,
    #[serde(rename = "DVO_DB_version")]
    dvo_schema: String,
    #[serde(rename = "OCP_DB_version")]
    public_schema: String,
    /// The libraries of this service are built with it and have its version.
    #[serde(rename = "UtilsVersion")]
    libraries: &'static str,
}

fn info(api: &Api) -> Result<Answer, ApiError> {
    let info = Info {
        branch: option_env!("CCX_BUILD_BRANCH").unwrap_or(NOT_SET),
        commit: option_env!("CCX_BUILD_COMMIT").unwrap_or(NOT_SET),
        time: option_env!("CCX_BUILD_TIME").unwrap_or(NOT_SET),
        version: env!("CARGO_PKG_VERSION"),
        dvo_schema: schema_version(&api.versions.dvo),
        public_schema: schema_version(&api.versions.public),
        libraries: concat!("v", env!("CARGO_PKG_VERSION")),
    };
    Ok(Answer::with("info", &info)?)
}

fn schema_version(schema: &AtomicU32) -> String {
    match schema.load(Ordering::Relaxed) {
        0 => NOT_SET.to_owned(),
        version => version.to_string(),
    }
}

fn payload_schema() -> Value {
    schema::envelope("info", &json!({ "type": "object", "additionalProperties": { "type": "string" } }))
}
