//! Layers, extractors and answers that all REST APIs share.
//!
//! ```text
//!   request ──▶ api_router ── the endpoints' paths, and the redirects between `…/` and `…`
//!                 │
//!               layers ── metrics and logs, limits, panics, ETag and compression
//!                 │
//!               extract ── the parameters, the body
//!                 │
//!                 ▼
//!              a handler of the API ──▶ response, Failure
//!
//!   endpoints ──▶ openapi ── the document about them
//! ```
//!
//! An API has its endpoints, its error type (a [`ResponseError`]) and its state; everything here is the same for all.

mod cache;
mod endpoint_metrics;
mod error;
mod extract;
mod layers;
mod openapi;
mod response;
mod router;

pub use cache::{AnswerCache, Key, MAX_ANSWER_AGE, Ticket};
pub use endpoint_metrics::{EndpointMetrics, RouteMetrics};
pub use error::{Failure, RequestError, ResponseError};
pub use extract::{
    BodyLimits, ClusterList, ClusterListBody, ClusterUuid, Coding, ContentCoding, InPath, Invalid, JsonBody,
    ListBody, NamespaceId, OptionalJsonBody, Param, Parameter, TrimmedSelector, UserId, is_object, shown,
    trimmed_selector,
};
pub use layers::{Guard, Negotiate, Observe, compress};
pub use openapi::{
    ApiInfo, add_problems, openapi_document, openapi_json, path_parameters, problem_components,
};
pub use response::{DONE, Done, Encoded, Json, Problem, Status, json_response, problem};
pub use router::{Endpoint, api_router, operations, operations_mut, parameter_names};
