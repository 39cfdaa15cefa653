//! Every reason why a request can't be answered, with its status and text.
//!
//! The texts of the 400s, 401s, 403s and 404s are those of the service that this one replaces; clients compare some of them.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use ccx_auth::AuthError;
use ccx_http::{Failure, RequestError, ResponseError};
use ccx_messages::{ErrorClass, OrgId};
use ccx_storage::StorageError;
use snafu::Snafu;

/// The reason why a request can't be answered. Clients read the message, except when the service or the database is at fault.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(crate)))]
pub(crate) enum ApiError {
    /// A layer or an extractor rejects the request.
    #[snafu(transparent)]
    Request { source: RequestError },
    /// A value of the body is out of range.
    #[snafu(display("Error during validating param '{name}' with value '{value}'. Error: '{reason}'"))]
    OutOfRange { name: &'static str, value: String, reason: String },
    /// One of several clusters belongs to another organisation.
    #[snafu(display("Improper organization ID"))]
    ForeignCluster,
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
    /// The database can't answer.
    #[snafu(display("failed to query the database"), context(false))]
    Storage { source: StorageError },
    /// The metrics can't be written as text.
    #[snafu(display("failed to encode the metrics"), context(false))]
    MetricsEncoding { source: prometheus::Error },
}

impl ResponseError for ApiError {
    fn class(&self) -> ErrorClass {
        match self {
            Self::Request { source } => source.class(),
            Self::Storage { source } if source.class() == ErrorClass::Transient => ErrorClass::Transient,
            // Values of clients are checked before they reach the database.
            Self::Storage { .. } | Self::MetricsEncoding { .. } => ErrorClass::Bug,
            _ => ErrorClass::BadInput,
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Unauthenticated { source } => source.status(),
            Self::Request { source } => source.status(),
            Self::Forbidden { .. } => StatusCode::FORBIDDEN,
            Self::NotFound { .. } | Self::NotAcknowledged => StatusCode::NOT_FOUND,
            _ => match self.class() {
                ErrorClass::BadInput => StatusCode::BAD_REQUEST,
                ErrorClass::Transient => StatusCode::SERVICE_UNAVAILABLE,
                ErrorClass::Bug => StatusCode::INTERNAL_SERVER_ERROR,
            },
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        Failure::new(self).into_response()
    }
}
