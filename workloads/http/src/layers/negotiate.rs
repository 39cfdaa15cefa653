//! Conditional requests (`If-None-Match`) and compression.

use std::{
    convert::Infallible,
    task::{Context, Poll},
};

use axum::{
    body::{Body, HttpBody as _},
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::Response,
};
use futures::future::{BoxFuture, Either, FutureExt as _};
use tower::{Layer, Service};

use super::compression::compressed;
use crate::extract::ContentCoding;

/// Smaller bodies fit into one packet anyway.
pub(crate) const MIN_COMPRESSED_BYTES: usize = 1024;

/// Answers conditional requests, and compresses for clients that accept it.
#[derive(Clone, Copy, Debug)]
pub struct Negotiate;

/// The service of [`Negotiate`].
#[derive(Clone, Debug)]
pub struct Negotiated<S> {
    inner: S,
}

impl<S> Layer<S> for Negotiate {
    type Service = Negotiated<S>;

    fn layer(&self, inner: S) -> Negotiated<S> {
        Negotiated { inner }
    }
}

impl<S> Service<Request> for Negotiated<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<S::Future, BoxFuture<'static, Result<Response, Infallible>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        let known = request.headers().get(header::IF_NONE_MATCH).filter(|_| is_read).cloned();
        let coding = ContentCoding::from_headers(request.headers());
        let answering = self.inner.call(request);
        if known.is_none() && coding.is_none() {
            return Either::Left(answering);
        }
        Either::Right(async move { Ok(negotiate(answering.await?, known.as_ref(), coding)) }.boxed())
    }
}

fn negotiate(response: Response, known: Option<&HeaderValue>, coding: Option<ContentCoding>) -> Response {
    let tag = response.headers().get(header::ETAG);
    if response.status() == StatusCode::OK && is_known(tag, known) {
        return not_modified(response.headers());
    }
    match coding.filter(|_| is_worth_compressing(&response)) {
        Some(coding) => with_coding(response, coding),
        None => response,
    }
}

/// Compares weakly (RFC 9110, 13.1.2), as all our tags are weak.
fn is_known(tag: Option<&HeaderValue>, known: Option<&HeaderValue>) -> bool {
    let text = |value: &'_ HeaderValue| value.to_str().ok().map(str::to_owned);
    let (Some(tag), Some(known)) = (tag.and_then(text), known.and_then(text)) else { return false };
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    known.trim() == "*" || known.split(',').any(|candidate| opaque(candidate) == opaque(&tag))
}

fn not_modified(headers: &HeaderMap) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    for name in [header::ETAG, header::VARY] {
        if let Some(value) = headers.get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}

fn is_worth_compressing(response: &Response) -> bool {
    let is_small =
        response.body().size_hint().exact().is_some_and(|bytes| bytes < MIN_COMPRESSED_BYTES as u64);
    !is_small && !response.headers().contains_key(header::CONTENT_ENCODING)
}

fn with_coding(response: Response, coding: ContentCoding) -> Response {
    let (mut parts, body) = response.into_parts();
    mark_as_compressed(&mut parts.headers, coding);
    Response::from_parts(parts, compressed(coding, body))
}

/// Sets the headers of a compressed answer.
pub(crate) fn mark_as_compressed(headers: &mut HeaderMap, coding: ContentCoding) {
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_ENCODING, coding.name());
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(tag: &'static str, known: &'static str) -> bool {
        is_known(Some(&HeaderValue::from_static(tag)), Some(&HeaderValue::from_static(known)))
    }

    #[test]
    fn tag_is_known_in_any_position_weak_or_strong() {
        assert!(known("W/\"a\"", "W/\"a\""));
        assert!(known("W/\"a\"", "\"b\" , \"a\""));
        assert!(known("W/\"a\"", "*"));
        assert!(!known("W/\"a\"", "W/\"b\""));
        assert!(!is_known(None, Some(&HeaderValue::from_static("*"))));
    }
}
