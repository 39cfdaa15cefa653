//! One request from its route to its answer: counted, authenticated, within the organisation, and in time.

use std::sync::Arc;

use axum::{
    extract::Request,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use ccx_messages::ErrorClass;

use crate::{
    answer::Answer,
    api::Api,
    auth::Caller,
    error::ApiError,
    metrics::RouteMetrics,
    parameters::Call,
    routes::{Handler, Route},
};

/// The header with the id that a request carries through all services.
const REQUEST_ID_HEADER: &str = "x-rh-insights-request-id";

/// A route with its counters.
pub(crate) struct Endpoint {
    pub(crate) route: &'static Route,
    pub(crate) metrics: RouteMetrics,
}

/// Answers a request that matches the endpoint's method and path.
pub(crate) async fn dispatch(api: &Arc<Api>, endpoint: &Endpoint, request: Request) -> Response {
    let started = endpoint.metrics.started();
    let request_id = request.headers().get(REQUEST_ID_HEADER).cloned();
    let outcome =
        tokio::time::timeout(api.limits.request_timeout, answer(api, endpoint.route, request)).await;
    let response = match outcome.unwrap_or(Err(ApiError::TimedOut)) {
        Ok(answer) => answer.into_response(),
        Err(error) => {
            let request_id = request_id.as_ref().and_then(|id| id.to_str().ok());
            log(&error, endpoint.route, request_id);
            error.answer().into_response()
        }
    };
    endpoint.metrics.answered(started, response.status());
    response
}

async fn answer(api: &Arc<Api>, route: &Route, request: Request) -> Result<Answer, ApiError> {
    let (mut parts, body) = request.into_parts();
    match route.handler {
        Handler::Open(answer) => answer(api).await,
        Handler::Known(answer) => {
            caller(api, &parts.headers)?;
            answer(api).await
        }
        Handler::Members { parameter, answer } => {
            let caller = caller(api, &parts.headers)?;
            let call = Call::new(&mut parts, body).await?;
            let org_id = call.organization(parameter)?;
            caller.check(org_id)?;
            answer(api, org_id, call).await
        }
    }
}

fn caller(api: &Api, headers: &HeaderMap) -> Result<Caller, ApiError> {
    Caller::of(headers, api.authentication)
}

/// What a client did wrong is the client's to read; what went wrong here is ours.
fn log(error: &ApiError, route: &Route, request_id: Option<&str>) {
    let path = route.path;
    let causes = ccx_service::error_chain(error);
    match error.class() {
        ErrorClass::BadInput => tracing::debug!(path, request_id, error = causes, "request refused"),
        ErrorClass::Transient => tracing::warn!(path, request_id, error = causes, "request not answered"),
        ErrorClass::Bug => tracing::error!(path, request_id, error = causes, "request failed"),
    }
}
