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
    http::{HeaderValue, StatusCode},
    response::Response,
};
use bytes::Bytes;
use ccx_messages::ErrorClass;
use futures::{Stream, StreamExt as _};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use crate::{
    error::{ApiError, Failure},
    metrics::RouteMetrics,
};

/// The header with the id that a request carries through all services.
const REQUEST_ID_HEADER: &str = "x-rh-insights-request-id";

/// The status under which an answer is counted that the client did not wait for. nginx counts the same.
const CLIENT_CLOSED: u16 = 499;

/// Counts, times and logs the requests of one route.
#[derive(Clone, Debug)]
pub(crate) struct Observe {
    pub(crate) route: Arc<RouteMetrics>,
}

/// The service of [`Observe`].
#[derive(Clone, Debug)]
pub(crate) struct Observed<S> {
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
        let seen = Seen { route: Arc::clone(&self.route), started: self.route.started(), request_id };
        Observing { answering: self.inner.call(request), seen: Some(seen) }
    }
}

pin_project! {
    /// The future of [`Observed`].
    pub(crate) struct Observing<F> {
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
        if let Some(Failure(error)) = response.extensions_mut().remove() {
            seen.log(&error);
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
    fn log(&self, error: &ApiError) {
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
                let error = api_error(error);
                if let (Some(error), Some(seen)) = (error, &self.seen) {
                    seen.log(error);
                }
                self.end(error.map_or(StatusCode::INTERNAL_SERVER_ERROR, ApiError::status));
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
fn api_error(error: &axum::Error) -> Option<&ApiError> {
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
    use crate::metrics::Metrics;

    fn streaming(metrics: &Metrics, parts: Vec<Result<&'static str, ApiError>>) -> Streaming {
        let route = Arc::new(metrics.route("/reports".into()));
        let seen = Seen { started: route.started(), route, request_id: None };
        let body = Body::from_stream(stream::iter(parts)).into_data_stream();
        Streaming { body, status: StatusCode::OK, seen: Some(seen) }
    }

    fn counted(metrics: &Metrics, status: u16) -> bool {
        let text = String::from_utf8(metrics.encode().unwrap()).unwrap();
        text.contains(&format!("status_codes{{endpoint=\"/reports\",status_code=\"{status}\"}} 1\n"))
    }

    #[tokio::test]
    async fn streamed_answer_is_counted_by_how_it_ends() {
        for (parts, status) in [
            (vec![Ok("a"), Ok("b")], 200),
            (vec![Ok("a"), Err(ApiError::TimedOut)], 503),
            (vec![Ok("a"), Err(ApiError::Panicked)], 500),
        ] {
            let metrics = Metrics::new("").unwrap();
            streaming(&metrics, parts).collect::<Vec<_>>().await;
            assert!(counted(&metrics, status), "{status}");
        }
    }

    #[tokio::test]
    async fn streamed_answer_that_the_client_does_not_read_to_its_end_is_counted_as_closed() {
        let metrics = Metrics::new("").unwrap();
        let mut streaming = streaming(&metrics, vec![Ok("a"), Ok("b")]);
        streaming.next().await;
        drop(streaming);
        assert!(counted(&metrics, CLIENT_CLOSED));
    }
}
