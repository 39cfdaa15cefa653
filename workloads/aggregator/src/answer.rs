//! The form of every answer: `{"<name>": <payload>, "status": "ok"}` or `{"status": "<what is wrong>"}`.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use serde::Serialize;

/// The content type of every JSON answer.
const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// An answer before it is sent.
#[derive(Debug)]
pub(crate) struct Answer {
    status: StatusCode,
    content_type: HeaderValue,
    body: Body,
}

impl Answer {
    /// `{"status": "ok"}`
    pub(crate) fn ok() -> Self {
        Self::ready(Bytes::from_static(b"{\"status\":\"ok\"}\n"))
    }

    /// An answer with one payload.
    pub(crate) fn with<T: Serialize>(name: &str, payload: &T) -> Result<Self, serde_json::Error> {
        Ok(Self::ready(envelope(name, payload)?))
    }

    /// A JSON answer whose bytes are there already.
    pub(crate) fn ready(json: Bytes) -> Self {
        Self::json(StatusCode::OK, json)
    }

    /// A JSON answer whose bytes are still to come.
    pub(crate) fn streamed(json: Body) -> Self {
        Self::json(StatusCode::OK, json)
    }

    /// An answer that says what is wrong.
    pub(crate) fn problem(status: StatusCode, message: &str) -> Self {
        #[derive(Serialize)]
        struct Problem<'a> {
            status: &'a str,
        }
        let mut json = serde_json::to_vec(&Problem { status: message }).unwrap_or_default();
        json.push(b'\n');
        Self::json(status, json)
    }

    /// An answer that is not JSON.
    pub(crate) fn text(content_type: &'static str, text: impl Into<Body>) -> Self {
        Self {
            status: StatusCode::OK,
            content_type: HeaderValue::from_static(content_type),
            body: text.into(),
        }
    }

    fn json(status: StatusCode, body: impl Into<Body>) -> Self {
        Self { status, content_type: JSON, body: body.into() }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = Response::new(self.body);
        *response.status_mut() = self.status;
        response.headers_mut().insert(header::CONTENT_TYPE, self.content_type);
        response
    }
}

/// The bytes of an answer with one payload. The keys are in the order of Go's encoder, which sorts those of a map.
pub(crate) fn envelope<T: Serialize>(name: &str, payload: &T) -> Result<Bytes, serde_json::Error> {
    debug_assert!(name < "status", "Go would write {name} after status");
    let mut json = Vec::with_capacity(1024);
    json.push(b'{');
    serde_json::to_writer(&mut json, name)?;
    json.push(b':');
    serde_json::to_writer(&mut json, payload)?;
    json.extend_from_slice(b",\"status\":\"ok\"}\n");
    Ok(json.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_payload_comes_before_the_status() {
        let json = envelope("clusters", &["a", "b"]).unwrap();
        assert_eq!(json, "{\"clusters\":[\"a\",\"b\"],\"status\":\"ok\"}\n");
    }

    #[test]
    fn a_problem_has_its_status_code_and_a_json_content_type() {
        let response = Answer::problem(StatusCode::NOT_FOUND, "no \"x\"").into_response();
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json; charset=utf-8");
    }
}
