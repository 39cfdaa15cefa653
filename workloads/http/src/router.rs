//! The router of an API.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::{MethodFilter, MethodRouter, on},
};
use utoipa::openapi::{HttpMethod, PathItem, path::Operation};
use utoipa_axum::{PathItemExt as _, router::UtoipaMethodRouter};

use crate::{
    endpoint_metrics::EndpointMetrics,
    error::RequestError,
    layers::{Guard, Negotiate, Observe},
    response::problem,
};

/// Every workload serves this path, and an API without a prefix would have it twice.
const METRICS_OF_EVERY_WORKLOAD: &str = "/metrics";

/// Handlers of one path with their description.
pub type Endpoint<S> = UtoipaMethodRouter<S>;

/// Returns `endpoints` below `prefix`, which begins and ends with `/`, each within the layers.
pub fn api_router<S: Clone + Send + Sync + 'static>(
    endpoints: Vec<Endpoint<S>>,
    prefix: &str,
    metrics: &EndpointMetrics,
    request_timeout: Duration,
) -> Router<S> {
    let mut router = Router::new().fallback(unknown_path);
    for endpoint in endpoints {
        router = with_endpoint(router, endpoint, prefix, metrics, request_timeout);
    }
    router
}

fn with_endpoint<S: Clone + Send + Sync + 'static>(
    router: Router<S>,
    (_, paths, handlers): Endpoint<S>,
    prefix: &str,
    metrics: &EndpointMetrics,
    request_timeout: Duration,
) -> Router<S> {
    let (path, item) = paths.paths.into_iter().next().expect("an endpoint has a path");
    let path = format!("{}{path}", prefix.trim_end_matches('/'));
    if path == METRICS_OF_EVERY_WORKLOAD {
        return router;
    }
    let methods: Vec<HttpMethod> = operations(&item).map(|(method, _)| method).collect();
    let allow = allow_header(&methods);
    let router = match with_other_slash(&path) {
        Some(other) => router.route(&other, redirects(&methods, allow.clone())),
        None => router,
    };
    let layers =
        (Observe { route: Arc::new(metrics.route(path.clone())) }, Guard { request_timeout }, Negotiate);
    let handlers = handlers.fallback(async move |method: Method| other_method(&method, allow));
    router.route(&path, handlers.layer(layers))
}

/// Returns the operations of a path.
pub fn operations(item: &PathItem) -> impl Iterator<Item = (HttpMethod, &Operation)> {
    let by_method = [
        (HttpMethod::Get, &item.get),
        (HttpMethod::Put, &item.put),
        (HttpMethod::Post, &item.post),
        (HttpMethod::Delete, &item.delete),
    ];
    by_method.into_iter().filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
}

/// Returns the operations of a path, to be completed.
pub fn operations_mut(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.delete].into_iter().flatten()
}

/// Returns the names in braces of a path.
pub fn parameter_names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn allow_header(methods: &[HttpMethod]) -> HeaderValue {
    let mut allowed = Vec::new();
    for method in methods {
        allowed.push(match method {
            HttpMethod::Get => "GET, HEAD",
            HttpMethod::Put => "PUT",
            HttpMethod::Post => "POST",
            HttpMethod::Delete => "DELETE",
            _ => unreachable!("no endpoint has another method"),
        });
    }
    allowed.push("OPTIONS");
    HeaderValue::try_from(allowed.join(", ")).expect("methods are ASCII")
}

/// Answers the methods that a path has no handler for: OPTIONS lists those that it has, as the refusal of all others does.
fn other_method(method: &Method, allow: HeaderValue) -> Response {
    let mut response = if *method == Method::OPTIONS {
        StatusCode::NO_CONTENT.into_response()
    } else {
        RequestError::MethodNotAllowed.into_response()
    };
    response.headers_mut().insert(header::ALLOW, allow);
    response
}

/// Redirects the methods of a path from its form with another slash at the end.
fn redirects<S: Clone + Send + Sync + 'static>(
    methods: &[HttpMethod],
    allow: HeaderValue,
) -> MethodRouter<S> {
    let filters = methods.iter().map(HttpMethod::to_method_filter);
    let redirected = filters.reduce(MethodFilter::or).expect("an endpoint has a method");
    on(redirected, async |uri: Uri| redirect_to_other_slash(&uri))
        .fallback(async move |method: Method| other_method(&method, allow))
}

/// Returns the same path with a slash at its end if it has none, else without.
fn with_other_slash(path: &str) -> Option<String> {
    match path.strip_suffix('/') {
        Some("") => None,
        Some(without) => Some(without.to_owned()),
        None => Some(format!("{path}/")),
    }
}

fn redirect_to_other_slash(uri: &Uri) -> Response {
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let location = with_other_slash(uri.path()).map(|path| path + &query);
    match location.and_then(|location| HeaderValue::try_from(location).ok()) {
        Some(location) => (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, location)]).into_response(),
        None => not_found_as_text(),
    }
}

/// Answers in the API's form to clients that ask for JSON, else as the service that this one replaces does.
async fn unknown_path(request: Request<Body>) -> Response {
    if asks_for_json(request.headers()) {
        return problem(StatusCode::NOT_FOUND, "page not found");
    }
    not_found_as_text()
}

fn asks_for_json(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|range| range.trim().starts_with("application/json"))
}

fn not_found_as_text() -> Response {
    const HEADERS: [(HeaderName, &str); 2] =
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (StatusCode::NOT_FOUND, HEADERS, "404 page not found\n").into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_form_of_a_path_has_or_lacks_the_slash() {
        assert_eq!(with_other_slash("/api/v1/").as_deref(), Some("/api/v1"));
        assert_eq!(with_other_slash("/api/v1/info").as_deref(), Some("/api/v1/info/"));
        assert_eq!(with_other_slash("/"), None);
    }

    #[test]
    fn redirect_keeps_the_query_and_the_escapes() {
        let response = redirect_to_other_slash(&"/a/x%2Fy/?b=c%20d".parse().unwrap());
        assert_eq!(response.status(), StatusCode::MOVED_PERMANENTLY);
        assert_eq!(response.headers()[header::LOCATION], "/a/x%2Fy?b=c%20d");
    }
}
