//! The table of endpoints, and the router that is made of it.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    pin::Pin,
    sync::Arc,
};

use axum::{
    Router,
    extract::Request,
    http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::{MethodFilter, MethodRouter, on},
};
use ccx_messages::OrgId;
use serde_json::Value;

use crate::{
    answer::Answer,
    api::Api,
    dispatch::{Endpoint, dispatch},
    endpoints,
    error::ApiError,
    parameters::Call,
};

/// Every endpoint. The order is that of `openapi.json`.
pub(crate) static TABLE: [&Route; 11] = [
    &endpoints::root::ROUTE,
    &endpoints::info::ROUTE,
    &endpoints::metrics::ROUTE,
    &endpoints::openapi::ROUTE,
    &endpoints::clusters::ROUTE,
    &endpoints::report::ROUTE,
    &endpoints::report_info::ROUTE,
    &endpoints::recommendations::ROUTE,
    &endpoints::rule::ROUTE,
    &endpoints::reports::BY_PATH,
    &endpoints::reports::BY_BODY,
];

/// One endpoint.
pub(crate) struct Route {
    /// The method that it answers to, beside OPTIONS.
    pub(crate) method: Method,
    /// Its path after the prefix, with the parameters in braces.
    pub(crate) path: &'static str,
    /// Its name in `openapi.json`.
    pub(crate) operation: &'static str,
    /// What it is for, in a sentence.
    pub(crate) summary: &'static str,
    /// Who may ask, and what answers.
    pub(crate) handler: Handler,
    /// The JSON schema of the body of a request.
    pub(crate) body: Option<fn() -> Value>,
    /// The content of a good answer.
    pub(crate) content: Content,
}

/// The content of a good answer.
pub(crate) enum Content {
    /// JSON of this schema.
    Json(fn() -> Value),
    /// Text of this type.
    Text(&'static str),
}

/// An answer that is still being made.
pub(crate) type Pending<'a> = Pin<Box<dyn Future<Output = Result<Answer, ApiError>> + Send + 'a>>;

/// Who may ask, and what answers.
pub(crate) enum Handler {
    /// Anybody.
    Open(for<'a> fn(&'a Arc<Api>) -> Pending<'a>),
    /// Whoever can say who they are.
    Known(for<'a> fn(&'a Arc<Api>) -> Pending<'a>),
    /// Members of the organisation that the path's parameter names.
    Members {
        /// The parameter.
        parameter: &'static str,
        /// What answers.
        answer: for<'a> fn(&'a Arc<Api>, OrgId, Call) -> Pending<'a>,
    },
}

/// The endpoints below `prefix`, which begins and ends with `/`.
pub(crate) fn api_router(api: &Arc<Api>, prefix: &str) -> Router {
    let mut router = Router::new().fallback(async || not_found());
    let mut redirects = Router::new();
    for (path, routes) in routes_by_path(prefix) {
        let mut methods = MethodRouter::new();
        let mut redirect = MethodRouter::new();
        for route in &routes {
            methods = methods.merge(answering(api, route, &path));
            redirect =
                redirect.merge(on(method_filter(route), async |uri: Uri| redirect_to_other_slash(&uri)));
        }
        let allowed = allowed_methods(&routes);
        methods = methods.options(async move || (StatusCode::NO_CONTENT, [(header::ALLOW, allowed)]));
        router = router.route(&path, methods);
        if let Some(other) = with_other_slash(&path) {
            redirects = redirects.route(&other, redirect);
        }
    }
    router.merge(redirects)
}

fn answering(api: &Arc<Api>, route: &'static Route, path: &str) -> MethodRouter {
    let api = Arc::clone(api);
    let endpoint = Arc::new(Endpoint { route, metrics: api.metrics.route(path.to_owned()) });
    on(method_filter(route), async move |request: Request| dispatch(&api, &endpoint, request).await)
}

/// Every workload has this one, and an API without a prefix would have it twice.
const METRICS_OF_EVERY_WORKLOAD: &str = "/metrics";

fn routes_by_path(prefix: &str) -> BTreeMap<String, Vec<&'static Route>> {
    let mut by_path = BTreeMap::new();
    for route in TABLE {
        let path = format!("{prefix}{}", route.path);
        if path == METRICS_OF_EVERY_WORKLOAD {
            continue;
        }
        match by_path.entry(path) {
            Entry::Vacant(vacant) => {
                vacant.insert(vec![route]);
            }
            Entry::Occupied(mut routes) => routes.get_mut().push(route),
        }
    }
    by_path
}

fn method_filter(route: &Route) -> MethodFilter {
    MethodFilter::try_from(route.method.clone()).expect("the table has only methods of RFC 9110")
}

fn allowed_methods(routes: &[&Route]) -> HeaderValue {
    let mut methods: Vec<&str> = routes.iter().map(|route| route.method.as_str()).collect();
    methods.push("OPTIONS");
    HeaderValue::from_str(&methods.join(", ")).expect("methods are ASCII")
}

/// The same path with a slash at its end if it has none, else without.
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
        None => not_found(),
    }
}

/// What a client gets for a path that is none.
fn not_found() -> Response {
    const HEADERS: [(HeaderName, &str); 2] =
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (StatusCode::NOT_FOUND, HEADERS, "404 page not found\n").into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openapi::parameter_names;

    #[test]
    fn every_path_with_an_organisation_is_for_its_members_only() {
        for route in TABLE {
            let named = parameter_names(route.path).find(|name| name.starts_with("org"));
            match (named, &route.handler) {
                (Some(named), Handler::Members { parameter, .. }) => assert_eq!(named, *parameter),
                (None, Handler::Open(_) | Handler::Known(_)) => {}
                _ => panic!("{} must be for the members of its organisation", route.path),
            }
        }
    }

    #[test]
    fn the_other_form_of_a_path_has_or_lacks_the_slash() {
        assert_eq!(with_other_slash("/api/v1/").as_deref(), Some("/api/v1"));
        assert_eq!(with_other_slash("/api/v1/info").as_deref(), Some("/api/v1/info/"));
        assert_eq!(with_other_slash("/"), None);
    }

    #[test]
    fn a_redirect_keeps_the_query_and_the_escapes() {
        let response = redirect_to_other_slash(&"/a/x%2Fy/?b=c%20d".parse().unwrap());
        assert_eq!(response.status(), StatusCode::MOVED_PERMANENTLY);
        assert_eq!(response.headers()[header::LOCATION], "/a/x%2Fy?b=c%20d");
    }
}
