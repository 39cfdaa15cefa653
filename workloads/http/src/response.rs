//! The form of every answer: `{"<name>": <payload>, "status": "ok"}` or `{"status": "<problem>"}`.

use std::{
    hash::{DefaultHasher, Hasher as _},
    marker::PhantomData,
    sync::OnceLock,
};

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    error::RequestError,
    extract::ContentCoding,
    layers::{MIN_COMPRESSED_BYTES, compress, mark_as_compressed},
};

/// The content type of every JSON answer.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// A JSON answer of the schema of `T`, encoded.
pub struct Json<T> {
    body: Bytes,
    etag: HeaderValue,
    schema: PhantomData<fn() -> T>,
}

impl<T: Serialize> Json<T> {
    /// Encodes an answer. Fields are written in the order of the struct: Go's encoder, which clients know, sorts them.
    pub fn new(answer: &T) -> Result<Self, RequestError> {
        let mut json = Vec::with_capacity(1024);
        serde_json::to_writer(&mut json, answer)?;
        json.push(b'\n');
        let body = Bytes::from(json);
        Ok(Self { etag: etag(&body), body, schema: PhantomData })
    }
}

/// An answer that is sent many times: with its tag, and its compressed forms once a client asked for them.
#[derive(Debug)]
pub struct Encoded {
    json: Bytes,
    etag: HeaderValue,
    gzip: OnceLock<Option<Bytes>>,
    zstd: OnceLock<Option<Bytes>>,
}

impl<T> From<Json<T>> for Encoded {
    fn from(json: Json<T>) -> Self {
        Self { json: json.body, etag: json.etag, gzip: OnceLock::new(), zstd: OnceLock::new() }
    }
}

impl Encoded {
    /// Returns the uncompressed answer.
    pub fn json(&self) -> &[u8] {
        &self.json
    }

    /// Returns the memory of all forms at most, in bytes.
    pub fn max_bytes(&self) -> usize {
        self.json.len() + 2 * max_compressed_bytes(&self.json)
    }

    /// Returns the response for a client.
    pub fn response(&self, coding: Option<ContentCoding>) -> Response {
        let compressed = coding.and_then(|coding| Some((coding, self.compressed(coding)?)));
        let body = compressed.map_or(&self.json, |(_, body)| body);
        let mut response = json_response(StatusCode::OK, body.clone().into());
        response.headers_mut().insert(header::ETAG, self.etag.clone());
        if let Some((coding, _)) = compressed {
            mark_as_compressed(response.headers_mut(), coding);
        }
        response
    }

    /// Returns a compressed form; `None` when it saves too little.
    fn compressed(&self, coding: ContentCoding) -> Option<&Bytes> {
        let form = match coding {
            ContentCoding::Gzip => &self.gzip,
            ContentCoding::Zstd => &self.zstd,
        };
        let compressed = form.get_or_init(|| {
            let max_bytes = max_compressed_bytes(&self.json);
            let compressed = if max_bytes > 0 { compress(coding, &self.json).ok() } else { None };
            compressed.filter(|body| body.len() <= max_bytes)
        });
        compressed.as_ref()
    }
}

/// A compressed form is worth keeping if it halves a body that does not fit into one packet.
fn max_compressed_bytes(json: &[u8]) -> usize {
    if json.len() < MIN_COMPRESSED_BYTES { 0 } else { json.len() / 2 }
}

impl<T> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        let mut response = json_response(StatusCode::OK, self.body.into());
        response.headers_mut().insert(header::ETAG, self.etag);
        response
    }
}

/// The `status` of a good answer.
#[derive(Debug, Serialize, ToSchema)]
pub enum Status {
    /// The request was answered.
    #[serde(rename = "ok")]
    Ok,
}

/// A good answer without a payload.
#[derive(Debug, Serialize, ToSchema)]
pub struct Done {
    status: Status,
}

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        json_response(StatusCode::OK, Body::from("{\"status\":\"ok\"}\n"))
    }
}

/// A good answer without a payload.
pub const DONE: Done = Done { status: Status::Ok };

/// The answer to a request that could not be answered.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem<'a> {
    /// The problem.
    status: &'a str,
}

/// Returns an answer about a problem.
pub fn problem(status: StatusCode, message: &str) -> Response {
    let mut json = serde_json::to_vec(&Problem { status: message }).unwrap_or_default();
    json.push(b'\n');
    json_response(status, json.into())
}

/// Returns an answer whose body is JSON.
pub fn json_response(status: StatusCode, json: Body) -> Response {
    let mut response = Response::new(json);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response
}

/// Returns a tag that is equal for equal bodies, in all pods. It is weak, as it is the same for all content codings.
fn etag(body: &[u8]) -> HeaderValue {
    let mut hasher = DefaultHasher::new();
    hasher.write(body);
    let tag = format!("W/\"{:016x}\"", hasher.finish());
    HeaderValue::try_from(tag).expect("hexadecimal digits are valid in a header")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problem_has_its_status_code_and_a_json_content_type() {
        let response = problem(StatusCode::NOT_FOUND, "no \"x\"");
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json; charset=utf-8");
    }

    #[test]
    fn encoded_answer_is_compressed_for_clients_that_accept_it() {
        let large = Encoded::from(Json::new(&"x".repeat(10_000)).unwrap());
        let plain = large.response(None);
        assert!(!plain.headers().contains_key(header::CONTENT_ENCODING));
        for (coding, name) in [(ContentCoding::Gzip, "gzip"), (ContentCoding::Zstd, "zstd")] {
            let compressed = large.response(Some(coding));
            assert_eq!(compressed.headers()[header::CONTENT_ENCODING], name);
            assert_eq!(compressed.headers()[header::VARY], "accept-encoding");
            assert_eq!(compressed.headers()[header::ETAG], plain.headers()[header::ETAG]);
            let small = Encoded::from(Json::new(&"x").unwrap()).response(Some(coding));
            assert!(!small.headers().contains_key(header::CONTENT_ENCODING));
        }
    }

    #[test]
    fn equal_answers_have_equal_tags() {
        let tag = |answer: &str| Json::new(&answer).unwrap().into_response().headers()[header::ETAG].clone();
        assert_eq!(tag("a"), tag("a"));
        assert_ne!(tag("a"), tag("b"));
    }
}
