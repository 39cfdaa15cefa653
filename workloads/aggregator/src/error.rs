//! Every reason why a request can't be answered, with its status and text.
//!
//! The texts of the 400s, 401s, 403s and 404s are those of the service that this one replaces; clients compare some of them.

use std::sync::Arc;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use ccx_auth::AuthError;
use ccx_messages::{ErrorClass, OrgId};
use ccx_storage::StorageError;
use snafu::Snafu;

use crate::response::problem;

/// Time after which a client should retry a 503: the database is checked every 2 s, and recovers within a few.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("5");

/// The reason why a request can't be answered. Clients read the message, except when the service or the database is at fault.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(crate)))]
pub(crate) enum ApiError {
    /// A part of the path is empty.
    #[snafu(display("Missing required param from request: {name}"))]
    MissingParameter { name: String },
    /// A part of the path is not what it should be.
    #[snafu(display("Error during parsing param '{name}' with value '{value}'. Error: '{reason}'"))]
    BadParameter { name: String, value: String, reason: String },
    /// A value of the body is out of range.
    #[snafu(display("Error during validating param '{name}' with value '{value}'. Error: '{reason}'"))]
    OutOfRange { name: &'static str, value: String, reason: String },
    /// One of several clusters is not a UUID.
    #[snafu(display("invalid cluster ID: '{value}'. Error: {reason}"))]
    BadClusterInList { value: String, reason: String },
    /// More clusters than one request may ask for.
    #[snafu(display("too many clusters in the request, at most {max} are allowed"))]
    TooManyClusters { max: usize },
    /// One of several clusters belongs to another organisation.
    #[snafu(display("Improper organization ID"))]
    ForeignCluster,
    /// The path can't be decoded.
    #[snafu(display("the path of the request is not UTF-8"))]
    BadPath,
    /// The request lacks its body.
    #[snafu(display("client didn't provide request body"))]
    NoBody,
    /// The body did not arrive whole.
    #[snafu(display("the body of the request ended early"))]
    BrokenBody,
    /// The body is larger than allowed.
    #[snafu(display("the body of the request is larger than {max_bytes} bytes"))]
    BodyTooLarge { max_bytes: u64 },
    /// The body is not JSON.
    #[snafu(display("{source}"))]
    BodySyntax { source: serde_json::Error },
    /// The body is JSON of another shape.
    #[snafu(display("bad type in json data"))]
    BodyType,
    /// The caller is unknown.
    #[snafu(transparent)]
    Unauthenticated { source: AuthError },
    /// The caller belongs to another organisation.
    #[snafu(display(
        "you have no permissions to get or change info about the organization with ID {asked}; \
         you can access info about organization with ID {own}"
    ))]
    Forbidden { asked: OrgId, own: OrgId },
    /// The item does not exist.
    #[snafu(display("Item with ID {item} was not found in the storage"))]
    NotFound { item: String },
    /// The rule is not acknowledged.
    #[snafu(display("Rule was not disabled"))]
    NotAcknowledged,
    /// The path exists, but not for this method.
    #[snafu(display("the method is not allowed for this path"))]
    MethodNotAllowed,
    /// The URI is longer than allowed.
    #[snafu(display("the URI of the request is longer than {max_bytes} bytes"))]
    UriTooLong { max_bytes: usize },
    /// The request took too long.
    #[snafu(display("the request took too long"))]
    TimedOut,
    /// The database can't answer.
    #[snafu(display("failed to query the database"), context(false))]
    Storage { source: StorageError },
    /// An answer can't be written as JSON.
    #[snafu(display("failed to encode the answer"), context(false))]
    Encoding { source: serde_json::Error },
    /// The metrics can't be written as text.
    #[snafu(display("failed to encode the metrics"), context(false))]
    MetricsEncoding { source: prometheus::Error },
    /// The handler's struct does not fit its path.
    #[snafu(display("the route and its handler disagree about the parameters"))]
    Route,
    /// The handler panicked.
    #[snafu(display("the handler panicked"))]
    Panicked,
}

impl ApiError {
    /// Returns whether asking again later can help, or whether the request or the service is at fault.
    pub(crate) fn class(&self) -> ErrorClass {
        match self {
            Self::TimedOut => ErrorClass::Transient,
            Self::Storage { source } if source.class() == ErrorClass::Transient => ErrorClass::Transient,
            // Values of clients are checked before they reach the database.
            Self::Storage { .. }
            | Self::Encoding { .. }
            | Self::MetricsEncoding { .. }
            | Self::Route
            | Self::Panicked => ErrorClass::Bug,
            _ => ErrorClass::BadInput,
        }
    }

    /// Returns the status of the answer.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Unauthenticated { source } => source.status(),
            Self::Forbidden { .. } => StatusCode::FORBIDDEN,
            Self::NotFound { .. } | Self::NotAcknowledged => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UriTooLong { .. } => StatusCode::URI_TOO_LONG,
            _ => match self.class() {
                ErrorClass::BadInput => StatusCode::BAD_REQUEST,
                ErrorClass::Transient => StatusCode::SERVICE_UNAVAILABLE,
                ErrorClass::Bug => StatusCode::INTERNAL_SERVER_ERROR,
            },
        }
    }

    /// Returns the text for the client, without internal details.
    fn message(&self) -> String {
        match self.status() {
            StatusCode::INTERNAL_SERVER_ERROR => "Internal Server Error".into(),
            StatusCode::SERVICE_UNAVAILABLE => {
                "the results are not available at the moment, try again later".into()
            }
            _ => self.to_string(),
        }
    }
}

/// The reason for an answer, as an extension of the response: for the log, never for the client.
#[derive(Clone)]
pub(crate) struct Failure(pub(crate) Arc<ApiError>);

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = problem(self.status(), &self.message());
        if response.status() == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER_SECONDS);
        }
        response.extensions_mut().insert(Failure(Arc::new(self)));
        response
    }
}
