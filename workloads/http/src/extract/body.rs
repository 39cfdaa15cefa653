//! The body of a request, bounded by the settings.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{FromRequest, Request},
};
use ccx_messages::ClusterId;
use futures::StreamExt as _;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use super::path::parse_clusters;
use crate::error::RequestError;

/// The limits of bodies, in the state of an API.
pub trait BodyLimits: Send + Sync {
    /// Returns the largest size of a body.
    fn max_body_bytes(&self) -> u64;

    /// Returns the largest number of clusters in one request.
    fn max_clusters(&self) -> usize;
}

impl<S: BodyLimits> BodyLimits for Arc<S> {
    fn max_body_bytes(&self) -> u64 {
        (**self).max_body_bytes()
    }

    fn max_clusters(&self) -> usize {
        (**self).max_clusters()
    }
}

/// A body that is a JSON object.
pub struct JsonBody<T>(pub T);

/// A body that is a JSON object, or nothing.
pub struct OptionalJsonBody<T>(pub Option<T>);

/// A body that is a JSON array, no longer than a list of clusters may be.
pub struct ListBody<T>(pub Vec<T>);

impl<T: DeserializeOwned, S: BodyLimits> FromRequest<S> for ListBody<T> {
    type Rejection = RequestError;

    async fn from_request(request: Request, state: &S) -> Result<Self, RequestError> {
        let body = read(request.into_body(), state.max_body_bytes()).await?;
        let list: Vec<T> = parse(&body)?;
        let max = state.max_clusters();
        if list.len() > max { Err(RequestError::TooManyClusters { max }) } else { Ok(Self(list)) }
    }
}

/// A body that is a JSON array of clusters, each once.
pub struct ClusterListBody(pub Vec<ClusterId>);

/// The schema of a cluster's id.
#[derive(ToSchema)]
#[schema(format = Uuid, example = "34c3ecc5-624a-49a5-bab8-4fdc5e51a266")]
#[expect(dead_code, reason = "only its schema is used")]
pub struct ClusterUuid(String);

impl<T: DeserializeOwned, S: BodyLimits> FromRequest<S> for JsonBody<T> {
    type Rejection = RequestError;

    async fn from_request(request: Request, state: &S) -> Result<Self, RequestError> {
        let body = read(request.into_body(), state.max_body_bytes()).await?;
        parse_object(&body).map(Self)
    }
}

impl<T: DeserializeOwned, S: BodyLimits> FromRequest<S> for OptionalJsonBody<T> {
    type Rejection = RequestError;

    async fn from_request(request: Request, state: &S) -> Result<Self, RequestError> {
        let body = read(request.into_body(), state.max_body_bytes()).await?;
        if body.is_empty() { Ok(Self(None)) } else { parse_object(&body).map(|parsed| Self(Some(parsed))) }
    }
}

impl<S: BodyLimits> FromRequest<S> for ClusterListBody {
    type Rejection = RequestError;

    async fn from_request(request: Request, state: &S) -> Result<Self, RequestError> {
        let body = read(request.into_body(), state.max_body_bytes()).await?;
        let texts: Vec<String> = parse(&body)?;
        Self::parse(&texts, state)
    }
}

impl ClusterListBody {
    /// Parses clusters that stand in a field of a larger body.
    pub fn parse(texts: &[String], state: &impl BodyLimits) -> Result<Self, RequestError> {
        parse_clusters(texts.iter().map(String::as_str), state.max_clusters()).map(Self)
    }
}

/// Returns whether a JSON document is an object. serde takes the fields of a struct from an array too.
pub fn is_object(json: &[u8]) -> bool {
    json.trim_ascii_start().first() == Some(&b'{')
}

fn parse_object<T: DeserializeOwned>(body: &[u8]) -> Result<T, RequestError> {
    let parsed = parse(body)?;
    // serde takes the fields of a struct from an array too.
    if is_object(body) { Ok(parsed) } else { Err(RequestError::BodyType) }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, RequestError> {
    if body.is_empty() {
        return Err(RequestError::NoBody);
    }
    serde_json::from_slice(body).map_err(|source| match source.classify() {
        serde_json::error::Category::Data => RequestError::BodyType,
        _ => RequestError::BodySyntax { source },
    })
}

async fn read(body: Body, max_bytes: u64) -> Result<Vec<u8>, RequestError> {
    let limit = usize::try_from(max_bytes).unwrap_or(usize::MAX);
    let mut content = Vec::new();
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| RequestError::BrokenBody)?;
        if content.len() + chunk.len() > limit {
            return Err(RequestError::BodyTooLarge { max_bytes });
        }
        content.extend_from_slice(&chunk);
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn body_over_its_limit_is_rejected() {
        assert_eq!(read(Body::from("12345"), 5).await.unwrap(), b"12345");
        assert_eq!(
            read(Body::from("123456"), 5).await.unwrap_err().to_string(),
            "the body of the request is larger than 5 bytes"
        );
    }
}
