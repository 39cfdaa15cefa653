//! A tower layer between the operator and the API server: requests strict field validation, and records the
//! requests.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use axum::http::{Method, Request, Response, StatusCode, Uri, uri::PathAndQuery};
use futures::future::BoxFuture;
use kube::client::Body;
use tower::{Layer, Service};

/// The requests of the operator. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct RequestRecorder(Arc<Mutex<BTreeSet<RecordedRequest>>>);

/// A request, as roles grant it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RecordedRequest {
    pub(crate) group: String,
    /// The plural name, and the subresource after a slash.
    pub(crate) resource: String,
    pub(crate) verb: &'static str,
}

impl RequestRecorder {
    /// Returns all requests so far.
    pub(crate) fn requests(&self) -> BTreeSet<RecordedRequest> {
        self.0.lock().unwrap().clone()
    }

    /// Records a request. Applying an absent object creates it, which needs the verb `create` too.
    fn note(&self, asked: Option<RecordedRequest>, status: StatusCode) {
        let created = asked.iter().filter(|_| status == StatusCode::CREATED).cloned();
        let created: Vec<RecordedRequest> =
            created.map(|asked| RecordedRequest { verb: "create", ..asked }).collect();
        self.0.lock().unwrap().extend(asked.into_iter().chain(created));
    }
}

impl<Inner> Layer<Inner> for RequestRecorder {
    type Service = Recorded<Inner>;

    fn layer(&self, inner: Inner) -> Recorded<Inner> {
        Recorded { inner, recorder: self.clone() }
    }
}

#[derive(Clone)]
pub(crate) struct Recorded<Inner> {
    inner: Inner,
    recorder: RequestRecorder,
}

impl<Inner, Answer> Service<Request<Body>> for Recorded<Inner>
where
    Inner: Service<Request<Body>, Response = Response<Answer>>,
    Inner::Future: Send + 'static,
{
    type Response = Inner::Response;
    type Error = Inner::Error;
    type Future = BoxFuture<'static, Result<Inner::Response, Inner::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Inner::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let asked = recorded_request(request.method(), request.uri());
        if [Method::POST, Method::PATCH].contains(request.method()) {
            *request.uri_mut() = strict(request.uri());
        }
        let (answer, recorder) = (self.inner.call(request), self.recorder.clone());
        Box::pin(async move {
            let answer = answer.await?;
            recorder.note(asked, answer.status());
            Ok(answer)
        })
    }
}

/// Adds strict validation, with which the API server refuses unknown fields instead of dropping them.
fn strict(uri: &Uri) -> Uri {
    let query = uri.query().map(|query| format!("{query}&")).unwrap_or_default();
    let mut parts = uri.clone().into_parts();
    let text = format!("{}?{query}fieldValidation=Strict", uri.path());
    parts.path_and_query = Some(PathAndQuery::try_from(text).unwrap());
    Uri::from_parts(parts).unwrap()
}

/// Returns `None` for a request that is not about a resource, such as the discovery of kinds.
fn recorded_request(method: &Method, uri: &Uri) -> Option<RecordedRequest> {
    let (root, rest) = uri.path().split_once("/namespaces/")?;
    let group = root.strip_prefix("/apis/").and_then(|version| version.split('/').next()).unwrap_or_default();
    let mut segments = rest.split('/').skip(1);
    let resource = segments.next()?;
    let is_named = segments.next().is_some();
    let resource = segments.next().map_or_else(|| resource.to_owned(), |part| format!("{resource}/{part}"));
    let is_watch = uri.query().is_some_and(|query| query.contains("watch=true"));
    let verb = match *method {
        Method::GET if is_watch => "watch",
        Method::GET if is_named => "get",
        Method::GET => "list",
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE => "delete",
        _ => return None,
    };
    Some(RecordedRequest { group: group.into(), resource, verb })
}

#[test]
fn request_is_classified_by_method_and_path() {
    let text = |method, uri: &'static str| {
        let asked = recorded_request(&method, &Uri::from_static(uri)).unwrap();
        format!("{} {}/{}", asked.verb, asked.group, asked.resource)
    };
    assert_eq!(text(Method::GET, "/api/v1/namespaces/ns/secrets/a?"), "get /secrets");
    assert_eq!(
        text(Method::GET, "/apis/apps/v1/namespaces/ns/deployments?&limit=9"),
        "list apps/deployments"
    );
    assert_eq!(
        text(Method::GET, "/apis/keda.sh/v1alpha1/namespaces/ns/scaledobjects?&watch=true"),
        "watch keda.sh/scaledobjects"
    );
    assert_eq!(
        text(Method::PATCH, "/apis/a.b/v1/namespaces/ns/as/name/status?&force=true"),
        "patch a.b/as/status"
    );
    assert_eq!(recorded_request(&Method::GET, &Uri::from_static("/apis")), None);
}

#[test]
fn strict_validation_is_appended_to_the_query() {
    assert_eq!(
        strict(&Uri::from_static("https://a:1/b?&force=true")),
        "https://a:1/b?&force=true&fieldValidation=Strict"
    );
    assert_eq!(strict(&Uri::from_static("/b")), "/b?fieldValidation=Strict");
}
