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
use crate::{api::Api, error::ApiError};

/// A body that is a JSON object.
pub(crate) struct JsonBody<T>(pub(crate) T);

/// A body that is a JSON object, or nothing.
pub(crate) struct OptionalJsonBody<T>(pub(crate) Option<T>);

/// A body that is a JSON array of clusters, each once.
pub(crate) struct ClusterListBody(pub(crate) Vec<ClusterId>);

/// The schema of a cluster's id.
#[derive(ToSchema)]
#[schema(format = Uuid, example = "34c3ecc5-624a-49a5-bab8-4fdc5e51a266")]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct ClusterUuid(String);

impl<T: DeserializeOwned> FromRequest<Arc<Api>> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Arc<Api>) -> Result<Self, ApiError> {
        let body = read(request.into_body(), api.limits.max_body_bytes).await?;
        parse_object(&body).map(Self)
    }
}

impl<T: DeserializeOwned> FromRequest<Arc<Api>> for OptionalJsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Arc<Api>) -> Result<Self, ApiError> {
        let body = read(request.into_body(), api.limits.max_body_bytes).await?;
        if body.is_empty() { Ok(Self(None)) } else { parse_object(&body).map(|parsed| Self(Some(parsed))) }
    }
}

impl FromRequest<Arc<Api>> for ClusterListBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Arc<Api>) -> Result<Self, ApiError> {
        let body = read(request.into_body(), api.limits.max_body_bytes).await?;
        let texts: Vec<String> = parse(&body)?;
        Self::parse(&texts, api)
    }
}

impl ClusterListBody {
    /// Parses clusters that stand in a field of a larger body.
    pub(crate) fn parse(texts: &[String], api: &Api) -> Result<Self, ApiError> {
        parse_clusters(texts.iter().map(String::as_str), api.limits.max_clusters).map(Self)
    }
}

fn parse_object<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    let parsed = parse(body)?;
    // serde takes the fields of a struct from an array too.
    let is_object = body.trim_ascii_start().first() == Some(&b'{');
    if is_object { Ok(parsed) } else { Err(ApiError::BodyType) }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    if body.is_empty() {
        return Err(ApiError::NoBody);
    }
    serde_json::from_slice(body).map_err(|source| match source.classify() {
        serde_json::error::Category::Data => ApiError::BodyType,
        _ => ApiError::BodySyntax { source },
    })
}

async fn read(body: Body, max_bytes: u64) -> Result<Vec<u8>, ApiError> {
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
