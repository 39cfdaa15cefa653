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
    extract::AcceptsGzip,
    layers::{MIN_COMPRESSED_BYTES, compress, mark_as_gzip},
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

/// An answer that is sent many times: with its tag, and its compressed form once a client asked for it.
#[derive(Debug)]
pub struct Encoded {
    json: Bytes,
    etag: HeaderValue,
    gzip: OnceLock<Option<Bytes>>,
}

impl<T> From<Json<T>> for Encoded {
    fn from(json: Json<T>) -> Self {
        Self { json: json.body, etag: json.etag, gzip: OnceLock::new() }
    }
}

impl Encoded {
    /// Returns the uncompressed answer.
    pub fn json(&self) -> &[u8] {
        &self.json
    }

    /// Returns the memory of both forms at most, in bytes.
    pub fn max_bytes(&self) -> usize {
        self.json.len() + max_gzip_bytes(&self.json)
    }

    /// Returns the response for a client.
    pub fn response(&self, gzip: AcceptsGzip) -> Response {
        let compressed = if gzip.0 { self.gzip() } else { None };
        let mut response = json_response(StatusCode::OK, compressed.unwrap_or(&self.json).clone().into());
        response.headers_mut().insert(header::ETAG, self.etag.clone());
        if compressed.is_some() {
            mark_as_gzip(response.headers_mut());
        }
        response
    }

    /// Returns the compressed form; `None` when it saves too little.
    fn gzip(&self) -> Option<&Bytes> {
        let compressed = self.gzip.get_or_init(|| {
            let max_bytes = max_gzip_bytes(&self.json);
            (max_bytes > 0)
                .then(|| compress(&self.json).ok())
                .flatten()
                .filter(|gzip| gzip.len() <= max_bytes)
        });
        compressed.as_ref()
    }
}

/// A compressed form is worth keeping if it halves a body that does not fit into one packet.
fn max_gzip_bytes(json: &[u8]) -> usize {
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

/// Returns a tag that is equal for equal bodies, in all pods. It is weak, as it is the same with and without gzip.
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
        let plain = large.response(AcceptsGzip(false));
        assert!(!plain.headers().contains_key(header::CONTENT_ENCODING));
        let gzip = large.response(AcceptsGzip(true));
        assert_eq!(gzip.headers()[header::CONTENT_ENCODING], "gzip");
        assert_eq!(gzip.headers()[header::ETAG], plain.headers()[header::ETAG]);
        let small = Encoded::from(Json::new(&"x").unwrap()).response(AcceptsGzip(true));
        assert!(!small.headers().contains_key(header::CONTENT_ENCODING));
    }

    #[test]
    fn equal_answers_have_equal_tags() {
        let tag = |answer: &str| Json::new(&answer).unwrap().into_response().headers()[header::ETAG].clone();
        assert_eq!(tag("a"), tag("a"));
        assert_ne!(tag("a"), tag("b"));
    }
}
