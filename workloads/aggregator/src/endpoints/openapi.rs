//! `GET openapi.json`

use axum::http::Method;

use crate::{
    answer::Answer,
    openapi::schema,
    routes::{Content, Handler, Route},
};

pub(crate) const ROUTE: Route = Route {
    method: Method::GET,
    path: "openapi.json",
    operation: "openapi",
    summary: "This document.",
    handler: Handler::Open(|api| Box::pin(async { Ok(Answer::ready(api.openapi.clone())) })),
    body: None,
    content: Content::Json(schema::anything),
};
