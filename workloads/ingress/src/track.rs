//! `GET …/track/{request_id}`: the progress of an upload.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use ccx_auth::Caller;
use ccx_messages::{OrgId, Status};
use ccx_service::error_chain;
use chrono::{SecondsFormat, Utc};
use quick_cache::sync::Cache;
use reqwest::Client;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::api::Api;

/// Requests whose statuses are remembered, of a few hundred bytes each.
const MAX_REQUESTS: usize = 10_000;

/// Longest answer of the payload tracker, in bytes.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// The verbosity from which all statuses are returned, instead of the last.
const ALL_STATUSES: u32 = 2;

/// The fields of a status that are returned by default.
const SHOWN_FIELDS: [&str; 5] = ["status_msg", "date", "inventory_id", "service", "status"];

/// Statuses by request, the newest first: the payload tracker's, or those of this process.
pub(crate) enum Tracker {
    /// A payload tracker at this URL.
    Remote {
        /// The client.
        client: Client,
        /// The URL, without the request.
        url: String,
    },
    /// The last statuses of this process.
    Local(Cache<String, Arc<Vec<Value>>>),
}

#[derive(Deserialize)]
pub(crate) struct Verbosity {
    #[serde(default)]
    verbosity: u32,
}

impl Tracker {
    /// Creates a tracker that asks the payload tracker at `url`, if there is one.
    pub(crate) fn new(client: Client, url: Option<&str>) -> Self {
        match url {
            Some(url) => Self::Remote { client, url: url.trim_end_matches('/').to_owned() },
            None => Self::Local(Cache::new(MAX_REQUESTS)),
        }
    }

    /// Remembers a status of this process.
    pub(crate) fn record(&self, request_id: &str, org_id: OrgId, status: Status, message: &str) {
        let Self::Local(statuses) = self else { return };
        let entry = json!({
            "service": "ingress",
            "request_id": request_id,
            "org_id": org_id.to_string(),
            "status": status,
            "status_msg": message,
            "date": Utc::now().to_rfc3339_opts(SecondsFormat::Nanos, true),
        });
        let earlier = statuses.get(request_id).unwrap_or_default();
        let all = std::iter::once(entry).chain(earlier.iter().cloned()).collect();
        statuses.insert(request_id.to_owned(), Arc::new(all));
    }

    /// Returns the statuses of a request, the newest first; `None` if they can't be got at the moment.
    async fn statuses(&self, request_id: &str) -> Option<Vec<Value>> {
        match self {
            Self::Local(statuses) => {
                Some(statuses.get(request_id).map(|all| all.to_vec()).unwrap_or_default())
            }
            Self::Remote { client, url } => fetch(client, &format!("{url}/{request_id}")).await,
        }
    }
}

/// Progress of an upload of the caller's organisation: the last status, or all.
#[utoipa::path(
    get,
    path = "/track/{request_id}",
    params(
        ("request_id" = String, Path, description = "The id of the upload: a UUID without hyphens, or with them."),
        ("verbosity" = Option<u32>, Query, description = "From 2 on, all statuses are listed.")
    ),
    responses(
        (status = 200, description = "The status, or all.", body = crate::openapi::TrackedUpload),
        (status = 400, description = "The id is not a UUID, or the verbosity is not a number."),
        (status = 401, description = "The caller is unknown."),
        (status = 403, description = "The upload is that of another organisation."),
        (status = 404, description = "The upload is unknown."),
        (status = 503, description = "The payload tracker is unavailable.")
    )
)]
pub(crate) async fn track(
    State(api): State<Api>,
    caller: Caller,
    Path(request_id): Path<String>,
    Query(Verbosity { verbosity }): Query<Verbosity>,
) -> Response {
    if Uuid::parse_str(&request_id).is_err() {
        return (StatusCode::BAD_REQUEST, "request id is not an uuid").into_response();
    }
    let Some(statuses) = api.shared.tracker.statuses(&request_id).await else {
        return (StatusCode::SERVICE_UNAVAILABLE, "the payload tracker is not available").into_response();
    };
    let Some(last) = statuses.first() else { return StatusCode::NOT_FOUND.into_response() };
    let own = caller.org_id.to_string();
    if last["org_id"] != own {
        return StatusCode::FORBIDDEN.into_response();
    }
    if verbosity >= ALL_STATUSES {
        return Json(json!({ "data": statuses, "duration": {} })).into_response();
    }
    let is_shown = |name: &str| SHOWN_FIELDS.contains(&name);
    let fields = last.as_object().into_iter().flatten().filter(|(name, _)| is_shown(name));
    let shown: Map<String, Value> = fields.map(|(name, value)| (name.clone(), value.clone())).collect();
    Json(shown).into_response()
}

async fn fetch(client: &Client, url: &str) -> Option<Vec<Value>> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default)]
        data: Vec<Value>,
    }
    let request = async {
        let mut response = client.get(url).send().await?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_ANSWER_BYTES {
                break;
            }
        }
        Ok::<_, reqwest::Error>((response.status(), body))
    };
    match request.await {
        Ok((StatusCode::NOT_FOUND, _)) => Some(Vec::new()),
        Ok((_, body)) => serde_json::from_slice::<Answer>(&body).ok().map(|answer| answer.data),
        Err(error) => {
            tracing::warn!(error = error_chain(&error), "failed to ask the payload tracker");
            None
        }
    }
}
