//! `GET metrics`

use axum::http::Method;

use crate::{
    answer::Answer,
    routes::{Content, Handler, Route},
};

const CONTENT_TYPE: &str = "text/plain; version=0.0.4";

pub(crate) const ROUTE: Route = Route {
    method: Method::GET,
    path: "metrics",
    operation: "metrics",
    summary: "The metrics in Prometheus' text format.",
    handler: Handler::Open(|api| Box::pin(async { Ok(Answer::text(CONTENT_TYPE, api.metrics.encode()?)) })),
    body: None,
    content: Content::Text("text/plain"),
};
