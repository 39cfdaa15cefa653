//! The parts of a request: parsed once, with the texts of the service that this one replaces when they are wrong.

use std::collections::HashSet;

use axum::{
    body::Body,
    extract::{FromRequestParts as _, RawPathParams},
    http::request::Parts,
};
use ccx_messages::{ClusterId, OrgId, RuleSelector};
use futures::StreamExt as _;
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// Longest id of a user, in bytes; real ones have fewer than 40.
const MAX_USER_ID_BYTES: usize = 256;

/// Longest part of a wrong value that the answer repeats, in characters.
const SHOWN_CHARS: usize = 200;

/// A request as an endpoint sees it.
#[derive(Debug)]
pub(crate) struct Call {
    path: RawPathParams,
    body: Body,
}

/// The id of a user, as the service in front passes it on.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct UserId(Box<str>);

impl UserId {
    /// The id.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    #[cfg(test)]
    pub(crate) fn for_test(id: &str) -> Self {
        Self(id.into())
    }
}

impl Call {
    /// The request whose head is `parts`.
    pub(crate) async fn new(parts: &mut Parts, body: Body) -> Result<Self, ApiError> {
        let path = RawPathParams::from_request_parts(parts, &()).await.map_err(|_| ApiError::BadPath)?;
        Ok(Self { path, body })
    }

    /// The organisation in the path. Only the dispatcher asks for it, since it must be compared with the caller's.
    pub(crate) fn organization(&self, name: &'static str) -> Result<OrgId, ApiError> {
        parse_organization(name, self.parameter(name)?)
    }

    /// The cluster in the path.
    pub(crate) fn cluster(&self) -> Result<ClusterId, ApiError> {
        let text = self.parameter("cluster")?;
        text.parse().map_err(|_| bad("cluster", text, uuid_problem(text)))
    }

    /// The user in the path.
    pub(crate) fn user(&self) -> Result<UserId, ApiError> {
        parse_user(self.parameter("user_id")?)
    }

    /// The rule and error key in the path.
    pub(crate) fn rule_selector(&self) -> Result<RuleSelector, ApiError> {
        parse_rule_selector(self.parameter("rule_id")?)
    }

    /// The clusters in the path, each once.
    pub(crate) fn cluster_list(&self, max: usize) -> Result<Vec<ClusterId>, ApiError> {
        parse_clusters(self.parameter("cluster_list")?.split(','), max)
    }

    /// The body, a JSON object of at most `max_bytes`.
    pub(crate) async fn json<T: DeserializeOwned>(self, max_bytes: u64) -> Result<T, ApiError> {
        let body = read_body(self.body, max_bytes).await?;
        if body.is_empty() {
            return Err(ApiError::NoBody);
        }
        let parsed = serde_json::from_slice(&body).map_err(|source| match source.classify() {
            serde_json::error::Category::Data => ApiError::BodyType,
            _ => ApiError::BodySyntax { source },
        })?;
        if is_object(&body) { Ok(parsed) } else { Err(ApiError::BodyType) }
    }

    fn parameter(&self, name: &'static str) -> Result<&str, ApiError> {
        let found = self.path.iter().find(|(candidate, _)| *candidate == name);
        found.map(|(_, value)| value).ok_or(ApiError::MissingParameter { name })
    }
}

/// Whether a JSON document is an object. Our parser takes the fields of a struct out of a list too.
pub(crate) fn is_object(json: &[u8]) -> bool {
    json.trim_ascii_start().first() == Some(&b'{')
}

/// Clusters that a client has listed: at most `max`, each once, in the order of the request.
pub(crate) fn parse_clusters<'a>(
    texts: impl Iterator<Item = &'a str>,
    max: usize,
) -> Result<Vec<ClusterId>, ApiError> {
    let mut clusters = Vec::new();
    let mut seen = HashSet::new();
    for (index, text) in texts.enumerate() {
        if index == max {
            return Err(ApiError::TooManyClusters { max });
        }
        let cluster: ClusterId = text
            .parse()
            .map_err(|_| ApiError::BadClusterInList { value: shown(text), reason: uuid_problem(text) })?;
        if seen.insert(cluster) {
            clusters.push(cluster);
        }
    }
    Ok(clusters)
}

async fn read_body(body: Body, max_bytes: u64) -> Result<Vec<u8>, ApiError> {
    let limit = usize::try_from(max_bytes).unwrap_or(usize::MAX);
    let mut content = Vec::new();
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| ApiError::BrokenBody)?;
        if content.len() + chunk.len() > limit {
            return Err(ApiError::BodyTooLarge { max_bytes });
        }
        content.extend_from_slice(&chunk);
    }
    Ok(content)
}

fn parse_organization(name: &'static str, text: &str) -> Result<OrgId, ApiError> {
    let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number: Option<u64> = text.parse().ok().filter(|_| is_digits);
    let number = number.ok_or_else(|| bad(name, text, "unsigned integer expected"))?;
    if number == 0 {
        return Err(bad(name, text, "positive value expected"));
    }
    OrgId::new(number).map_err(|_| bad(name, text, format!("at most {} expected", OrgId::MAX)))
}

fn parse_user(text: &str) -> Result<UserId, ApiError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(ApiError::MissingParameter { name: "user_id" });
    }
    if text.len() > MAX_USER_ID_BYTES {
        return Err(bad("user_id", text, format!("at most {MAX_USER_ID_BYTES} bytes expected")));
    }
    // PostgreSQL can't hold it in a text.
    if text.contains('\0') {
        return Err(bad("user_id", text, "a zero byte is not allowed"));
    }
    Ok(UserId(text.into()))
}

fn parse_rule_selector(text: &str) -> Result<RuleSelector, ApiError> {
    if text.split('|').count() != 2 {
        return Err(bad(
            "rule_id",
            text,
            "invalid rule ID, it must contain only rule ID and error key separated by |",
        ));
    }
    text.parse().map_err(|_| {
        let reason = "invalid rule ID, each part of ID must contain only from latin characters, number, underscores or dots";
        bad("rule_id", text, reason)
    })
}

/// What Go's UUID parser says about a text that is none.
fn uuid_problem(text: &str) -> String {
    match text.len() {
        38 => "invalid bracketed UUID format".into(),
        45 if !text.to_ascii_lowercase().starts_with("urn:uuid:") => "invalid urn prefix".into(),
        32 | 36 | 45 => "invalid UUID format".into(),
        length => format!("invalid UUID length: {length}"),
    }
}

fn bad(name: &'static str, value: &str, reason: impl Into<String>) -> ApiError {
    ApiError::BadParameter { name, value: shown(value), reason: reason.into() }
}

fn shown(value: &str) -> String {
    value.chars().take(SHOWN_CHARS).collect()
}

#[cfg(test)]
mod tests;
