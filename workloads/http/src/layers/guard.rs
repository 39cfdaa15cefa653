//! Bounds of every request, and the answer when its handler panics.

use std::{
    any::Any,
    convert::Infallible,
    future::Ready,
    panic::AssertUnwindSafe,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use futures::{
    FutureExt as _,
    future::{CatchUnwind, Either, Map},
};
use tokio::time::{Timeout, error::Elapsed};
use tower::{Layer, Service};

use crate::error::RequestError;

/// Longest path and query, in bytes: a thousand clusters in a path take 37,000. The server itself refuses 64 KiB, without a body.
const MAX_URI_BYTES: usize = 60 * 1024;

/// Bounds the URI and the time of a request; turns a panic into a `500`.
#[derive(Clone, Copy, Debug)]
pub struct Guard {
    /// Longest time of a request, up to the head of its answer.
    pub request_timeout: Duration,
}

/// The service of [`Guard`].
#[derive(Clone, Debug)]
pub struct Guarded<S> {
    inner: S,
    request_timeout: Duration,
}

impl<S> Layer<S> for Guard {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { inner, request_timeout: self.request_timeout }
    }
}

type Answer = Result<Response, Infallible>;
type Caught = Result<Result<Answer, Elapsed>, Box<dyn Any + Send>>;
type Bounded<F> = Map<CatchUnwind<AssertUnwindSafe<Timeout<F>>>, fn(Caught) -> Answer>;

impl<S> Service<Request> for Guarded<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Bounded<S::Future>, Ready<Answer>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let uri_bytes = request.uri().path_and_query().map_or(0, |uri| uri.as_str().len());
        if uri_bytes > MAX_URI_BYTES {
            let too_long = RequestError::UriTooLong { max_bytes: MAX_URI_BYTES };
            return Either::Right(std::future::ready(Ok(too_long.into_response())));
        }
        let answering = tokio::time::timeout(self.request_timeout, self.inner.call(request));
        let settle: fn(Caught) -> Answer = settle;
        Either::Left(AssertUnwindSafe(answering).catch_unwind().map(settle))
    }
}

fn settle(caught: Caught) -> Answer {
    match caught {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Ok(RequestError::TimedOut.into_response()),
        // The panic hook has logged the message.
        Err(_) => Ok(RequestError::Panicked.into_response()),
    }
}

#[cfg(test)]
mod tests {
    use axum::{Router, body::Body, http::StatusCode, routing::get};

    use super::*;

    async fn status(handler: fn() -> StatusCode) -> StatusCode {
        let guard = Guard { request_timeout: Duration::from_mins(1) };
        let mut router: Router = Router::new().route("/", get(async move || handler()).layer(guard));
        router.call(Request::get("/").body(Body::empty()).unwrap()).await.unwrap().status()
    }

    #[tokio::test]
    async fn handler_that_panics_is_answered_with_500() {
        assert_eq!(status(|| StatusCode::CREATED).await, StatusCode::CREATED);
        assert_eq!(status(|| panic!("a fault")).await, StatusCode::INTERNAL_SERVER_ERROR);
    }
}
