//! Counts, times and logs the requests of one route.

use std::{
    convert::Infallible,
    error::Error as _,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Instant,
};

use axum::{
    body::{Body, HttpBody as _},
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use bytes::Bytes;
use ccx_messages::ErrorClass;
use futures::{Stream, StreamExt as _};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use crate::{
    endpoint_metrics::RouteMetrics,
    error::{Failure, ResponseError as _},
};

/// The header with the id that a request carries through all services.
const REQUEST_ID_HEADER: &str = "x-rh-insights-request-id";

/// The status under which an answer is counted that the client did not wait for. nginx counts the same.
const CLIENT_CLOSED: u16 = 499;

/// Counts, times and logs the requests of one route.
#[derive(Clone, Debug)]
pub struct Observe {
    /// The counters of the route.
    pub route: Arc<RouteMetrics>,
}

/// The service of [`Observe`].
#[derive(Clone, Debug)]
pub struct Observed<S> {
    inner: S,
    route: Arc<RouteMetrics>,
}

impl<S> Layer<S> for Observe {
    type Service = Observed<S>;

    fn layer(&self, inner: S) -> Observed<S> {
        Observed { inner, route: Arc::clone(&self.route) }
    }
}

impl<S> Service<Request> for Observed<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Observing<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let request_id = request.headers().get(REQUEST_ID_HEADER).cloned();
        let user_agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        self.route.requested_by(user_agent);
        let seen = Seen { route: Arc::clone(&self.route), started: self.route.started(), request_id };
        Observing { answering: self.inner.call(request), seen: Some(seen) }
    }
}

pin_project! {
    /// The future of [`Observed`].
    pub struct Observing<F> {
        #[pin]
        answering: F,
        seen: Option<Seen>,
    }
}

impl<F: Future<Output = Result<Response, Infallible>>> Future for Observing<F> {
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut response = ready!(this.answering.poll(context))?;
        let Some(seen) = this.seen.take() else { return Poll::Ready(Ok(response)) };
        if let Some(failure) = response.extensions_mut().remove::<Failure>() {
            seen.log(&failure);
        }
        let status = response.status();
        if response.body().size_hint().exact().is_some() {
            seen.answered(status);
            return Poll::Ready(Ok(response));
        }
        // The status line says nothing about the parts that are still to come.
        let (parts, body) = response.into_parts();
        let body = Body::from_stream(Streaming { body: body.into_data_stream(), status, seen: Some(seen) });
        Poll::Ready(Ok(Response::from_parts(parts, body)))
    }
}

/// A request that came in.
struct Seen {
    route: Arc<RouteMetrics>,
    started: Instant,
    request_id: Option<HeaderValue>,
}

impl Seen {
    fn answered(&self, status: StatusCode) {
        self.route.answered(self.started, status);
    }

    /// A wrong request is of interest to its client, a fault of the service to its operator.
    fn log(&self, error: &Failure) {
        let path = self.route.path();
        let request_id = self.request_id.as_ref().and_then(|id| id.to_str().ok());
        let causes = ccx_service::error_chain(error);
        match error.class() {
            ErrorClass::BadInput => tracing::debug!(path, request_id, error = causes, "request rejected"),
            ErrorClass::Transient => tracing::warn!(path, request_id, error = causes, "request not answered"),
            ErrorClass::Bug => tracing::error!(path, request_id, error = causes, "request failed"),
        }
    }
}

/// The parts of a body; the request is counted with the last one.
struct Streaming {
    body: axum::body::BodyDataStream,
    status: StatusCode,
    /// `None` once the request is counted.
    seen: Option<Seen>,
}

impl Stream for Streaming {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let part = ready!(self.body.poll_next_unpin(context));
        match &part {
            Some(Ok(_)) => {}
            None => {
                let status = self.status;
                self.end(status);
            }
            Some(Err(error)) => {
                let error = failure_in(error);
                if let (Some(error), Some(seen)) = (error, &self.seen) {
                    seen.log(error);
                }
                self.end(error.map_or(StatusCode::INTERNAL_SERVER_ERROR, Failure::status));
            }
        }
        Poll::Ready(part)
    }
}

impl Streaming {
    fn end(&mut self, status: StatusCode) {
        if let Some(seen) = self.seen.take() {
            seen.answered(status);
        }
    }
}

/// Finds our error in the layers of bodies that have wrapped it.
fn failure_in(error: &axum::Error) -> Option<&Failure> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        cause = error.source();
    }
    None
}

impl Drop for Streaming {
    fn drop(&mut self) {
        let client_closed = StatusCode::from_u16(CLIENT_CLOSED).expect("a status has three digits");
        self.end(client_closed);
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;
    use ccx_service::MetricRegistrar;
    use prometheus::{Encoder as _, Registry, TextEncoder};

    use crate::{endpoint_metrics::EndpointMetrics, error::RequestError};

    fn streaming(registry: &Registry, parts: Vec<Result<&'static str, RequestError>>) -> Streaming {
        let metrics = EndpointMetrics::new(&MetricRegistrar::new(registry, "")).unwrap();
        let parts = parts.into_iter().map(|part| part.map_err(Failure::new));
        let route = Arc::new(metrics.route("/reports".into()));
        let seen = Seen { started: route.started(), route, request_id: None };
        let body = Body::from_stream(stream::iter(parts)).into_data_stream();
        Streaming { body, status: StatusCode::OK, seen: Some(seen) }
    }

    fn counted(registry: &Registry, status: u16) -> bool {
        let mut text = Vec::new();
        TextEncoder::new().encode(&registry.gather(), &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        text.contains(&format!("status_codes{{endpoint=\"/reports\",status_code=\"{status}\"}} 1\n"))
    }

    #[tokio::test]
    async fn streamed_answer_is_counted_by_how_it_ends() {
        for (parts, status) in [
            (vec![Ok("a"), Ok("b")], 200),
            (vec![Ok("a"), Err(RequestError::TimedOut)], 503),
            (vec![Ok("a"), Err(RequestError::Panicked)], 500),
        ] {
            let registry = Registry::new();
            streaming(&registry, parts).collect::<Vec<_>>().await;
            assert!(counted(&registry, status), "{status}");
        }
    }

    #[tokio::test]
    async fn streamed_answer_that_the_client_does_not_read_to_its_end_is_counted_as_closed() {
        let registry = Registry::new();
        let mut streaming = streaming(&registry, vec![Ok("a"), Ok("b")]);
        streaming.next().await;
        drop(streaming);
        assert!(counted(&registry, CLIENT_CLOSED));
    }
}
