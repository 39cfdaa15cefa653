//! The tower layer of every request of the controller: writes need an open [`Fence`], are counted, and time
//! out.

use std::{
    task::{Context, Poll},
    time::Duration,
};

use axum::http::{Method, Request, Response};
use futures::future::BoxFuture;
use kube::client::Body;
use snafu::Snafu;
use tower::{BoxError, Layer, Service};

use crate::runtime::{leader::Fence, metrics::Metrics};

/// The timeout of a write: shorter than the time between a leader's last write and a rival's first one.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(4);

/// The timeout until a read starts to respond. A watch responds at once.
pub const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// Wraps a client in [`Fencing`].
#[derive(Clone, Debug)]
pub struct FencingLayer {
    /// Checked before every write.
    pub fence: Fence,
    /// Counts the writes.
    pub metrics: Metrics,
}

/// A client whose writes are fenced.
#[derive(Clone, Debug)]
pub struct Fencing<Inner> {
    inner: Inner,
    fence: Fence,
    metrics: Metrics,
}

/// A request was not sent, or timed out.
#[derive(Debug, Snafu, PartialEq, Eq)]
pub enum FencingError {
    /// Another process may lead by now.
    #[snafu(display("write refused: this process is not the leader"))]
    NotLeading,
    /// The server did not respond.
    #[snafu(display("no response from the API server within {} s", after.as_secs()))]
    Silent {
        /// The timeout.
        after: Duration,
    },
}

impl<Inner> Layer<Inner> for FencingLayer {
    type Service = Fencing<Inner>;

    fn layer(&self, inner: Inner) -> Fencing<Inner> {
        Fencing { inner, fence: self.fence.clone(), metrics: self.metrics.clone() }
    }
}

impl<Inner, Answer> Service<Request<Body>> for Fencing<Inner>
where
    Inner: Service<Request<Body>, Response = Response<Answer>>,
    Inner::Error: Into<BoxError>,
    Inner::Future: Send + 'static,
    Answer: 'static,
{
    type Response = Inner::Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let write = Write::from_request(&request);
        if write.is_some() && !self.fence.is_open() {
            return Box::pin(async { Err(FencingError::NotLeading.into()) });
        }
        let after = if write.is_some() { WRITE_TIMEOUT } else { READ_TIMEOUT };
        if let Some(write) = write {
            self.metrics.count_write(&write.resource, write.verb);
        }
        let answer = self.inner.call(request);
        Box::pin(async move {
            let outcome = tokio::time::timeout(after, answer).await;
            outcome.map_err(|_elapsed| FencingError::Silent { after })?.map_err(Into::into)
        })
    }
}

/// A write request.
#[derive(Debug, PartialEq, Eq)]
struct Write {
    resource: String,
    verb: &'static str,
}

impl Write {
    /// Returns `None` for reads and dry runs.
    fn from_request<B>(request: &Request<B>) -> Option<Self> {
        let verb = match *request.method() {
            Method::POST => "create",
            Method::PUT => "update",
            Method::PATCH => "patch",
            Method::DELETE => "delete",
            _ => return None,
        };
        let is_dry_run = request.uri().query().is_some_and(|query| query.contains("dryRun=All"));
        (!is_dry_run).then(|| Self { resource: resource(request.uri().path()), verb })
    }
}

/// Returns the resource of a path: `deployments` for `/apis/apps/v1/namespaces/ns/deployments/name`,
/// `ccxpipelines/status` for a subresource.
fn resource(path: &str) -> String {
    let mut segments =
        path.trim_start_matches('/').split('/').skip_while(|segment| *segment != "namespaces").skip(2);
    let resource = segments.next().unwrap_or("namespaces");
    match segments.nth(1) {
        Some(subresource) => format!("{resource}/{subresource}"),
        None => resource.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: Method, uri: &str) -> Request<Body> {
        Request::builder().method(method).uri(uri).body(Body::empty()).unwrap()
    }

    async fn send(fence: Fence, request: Request<Body>) -> Result<Response<Body>, BoxError> {
        let server =
            tower::service_fn(async |_: Request<Body>| Ok::<_, BoxError>(Response::new(Body::empty())));
        FencingLayer { fence, metrics: Metrics::new() }.layer(server).call(request).await
    }

    #[tokio::test]
    async fn write_needs_an_open_fence_and_a_read_does_not() {
        let uri = "/api/v1/namespaces/ns/configmaps/a";
        let closed = Fence::default();
        let refused = send(closed.clone(), request(Method::PATCH, uri)).await.unwrap_err();
        assert_eq!(refused.downcast_ref(), Some(&FencingError::NotLeading));
        assert!(send(closed, request(Method::GET, uri)).await.is_ok());
        assert!(send(Fence::always_open(), request(Method::PATCH, uri)).await.is_ok());
    }

    #[tokio::test]
    async fn dry_run_needs_no_fence() {
        let uri = "/api/v1/namespaces/ns/configmaps/a?&dryRun=All&fieldManager=x";
        assert!(send(Fence::default(), request(Method::PATCH, uri)).await.is_ok());
    }

    #[test]
    fn write_is_counted_by_its_resource_and_verb() {
        let write = Write::from_request(&request(
            Method::PATCH,
            "/apis/apps/v1/namespaces/ns/deployments/name?force=true",
        ));
        assert_eq!(write, Some(Write { resource: "deployments".into(), verb: "patch" }));
        let create = Write::from_request(&request(Method::POST, "/api/v1/namespaces/ns/secrets"));
        assert_eq!(create, Some(Write { resource: "secrets".into(), verb: "create" }));
        assert_eq!(
            resource("/apis/ccx.openshift.io/v1alpha1/namespaces/ns/ccxpipelines/a/status"),
            "ccxpipelines/status"
        );
    }
}
