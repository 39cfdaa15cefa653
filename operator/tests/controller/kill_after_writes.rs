//! The client of a process that is killed after a number of writes: the last one reaches the server, its
//! response is lost.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    task::{Context, Poll},
};

use axum::http::{Method, Request};
use futures::future::BoxFuture;
use kube::client::Body;
use tokio_util::sync::CancellationToken;
use tower::{Layer, Service};

/// The number of writes after which a process counts as killed. Clones share it.
#[derive(Clone)]
pub(crate) struct WriteLimit {
    writes_left: Arc<AtomicI64>,
    /// Cancelled when the last write has reached the server.
    pub(crate) ended: CancellationToken,
}

impl WriteLimit {
    pub(crate) fn with_writes(writes: i64) -> Self {
        Self { writes_left: Arc::new(AtomicI64::new(writes)), ended: CancellationToken::new() }
    }

    pub(crate) fn unlimited() -> Self {
        Self::with_writes(i64::MAX)
    }
}

impl<Inner> Layer<Inner> for WriteLimit {
    type Service = Limited<Inner>;

    fn layer(&self, inner: Inner) -> Limited<Inner> {
        Limited { inner, limit: self.clone() }
    }
}

#[derive(Clone)]
pub(crate) struct Limited<Inner> {
    inner: Inner,
    limit: WriteLimit,
}

impl<Inner> Service<Request<Body>> for Limited<Inner>
where
    Inner: Service<Request<Body>>,
    Inner::Future: Send + 'static,
    Inner::Response: Send + 'static,
    Inner::Error: Send + 'static,
{
    type Response = Inner::Response;
    type Error = Inner::Error;
    type Future = BoxFuture<'static, Result<Inner::Response, Inner::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Inner::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let is_tried = request.uri().query().is_some_and(|query| query.contains("dryRun"));
        if request.method() == Method::GET || is_tried {
            return Box::pin(self.inner.call(request));
        }
        let left = self.limit.writes_left.fetch_sub(1, Ordering::SeqCst);
        if left <= 0 {
            return Box::pin(pending());
        }
        let (answer, ended) = (self.inner.call(request), self.limit.ended.clone());
        Box::pin(async move {
            let answer = answer.await;
            if left == 1 {
                ended.cancel();
                pending::<()>().await;
            }
            answer
        })
    }
}
