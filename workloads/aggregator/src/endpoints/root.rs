//! `GET` of the prefix itself.

use axum::http::Method;

use crate::{
    answer::Answer,
    openapi::schema,
    routes::{Content, Handler, Route},
};

pub(crate) const ROUTE: Route = Route {
    method: Method::GET,
    path: "",
    operation: "root",
    summary: "Tells that the service answers.",
    handler: Handler::Known(|_| Box::pin(async { Ok(Answer::ok()) })),
    body: None,
    content: Content::Json(schema::status),
};
