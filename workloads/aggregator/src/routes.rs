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

/// Every endpoint. The order is that of the OpenAPI document.
pub(crate) static TABLE: [&Route; 10] = [
    &endpoints::root::ROUTE,
    &endpoints::info::ROUTE,
    &endpoints::metrics::ROUTE,
    &endpoints::openapi::ROUTE,
    &endpoints::clusters::ROUTE,
    &endpoints::report::ROUTE,
    &endpoints::report_info::ROUTE,
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
    /// Its name in the OpenAPI document.
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
            let filter = method_filter(&route.method);
            methods = methods.merge(on(filter, handler(api, route, &path)));
            redirect = redirect.merge(on(filter, async |uri: Uri| redirect_to_other_slash(&uri)));
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

fn handler(api: &Arc<Api>, route: &'static Route, path: &str) -> impl AsyncFn(Request) -> Response + Clone + use<> {
    let api = Arc::clone(api);
    let endpoint = Arc::new(Endpoint { route, metrics: api.metrics.route(path.to_owned()) });
    async move |request| dispatch(&api, &endpoint, request).await
}

fn routes_by_path(prefix: &str) -> BTreeMap<String, Vec<&'static Route>> {
    let mut by_path = BTreeMap::new();
    for route in TABLE {
        match by_path.entry(format!("{prefix}{}", route.path)) {
            Entry::Vacant(vacant) => {
                vacant.insert(vec![route]);
            }
            Entry::Occupied(mut routes) => routes.get_mut().push(route),
        }
    }
    by_path
}

fn method_filter(method: &Method) -> MethodFilter {
    MethodFilter::try_from(method.clone()).expect("the table has only methods of RFC 9110")
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
