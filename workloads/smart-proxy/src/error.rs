//! Every reason why a request can't be answered, with its status and text.
//!
//! The statuses and texts are those of the service that this one replaces; clients compare some of them. Unlike the aggregator, it
//! answers `403` where the caller is unknown.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use ccx_auth::AuthError;
use ccx_http::{Failure, RequestError, ResponseError};
use ccx_messages::ErrorClass;
use ccx_storage::StorageError;
use ccx_valkey::ValkeyError;
use snafu::Snafu;

use crate::upgrade_risks::UpgradeRisksError;

/// The reason why a request can't be answered. Clients read the message, except when the service or a dependency is at fault.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(crate)))]
#[non_exhaustive]
pub enum ApiError {
    /// A layer or an extractor rejects the request.
    #[snafu(transparent)]
    Request {
        /// The reason.
        source: RequestError,
    },
    /// The body can't be rendered.
    #[snafu(display("{source}"))]
    Unprocessable {
        /// The reason.
        source: RequestError,
    },
    /// The caller is unknown.
    #[snafu(transparent)]
    Unauthenticated {
        /// The reason.
        source: AuthError,
    },
    /// The caller's organisation may not see the item.
    #[snafu(display("This organization is not allowed to access this recommendation"))]
    InternalRule,
    /// The caller belongs to another organisation.
    #[snafu(display("you have no permissions to get or change info about this organization"))]
    ForeignOrganization,
    /// One of several clusters belongs to another organisation.
    #[snafu(display("Improper organization ID"))]
    ForeignCluster,
    /// The item does not exist.
    #[snafu(display("Item with ID {item} was not found in the storage"))]
    NotFound {
        /// The item.
        item: String,
    },
    /// The rule is not part of the cluster's report, or has no texts.
    #[snafu(display("Rule was not found"))]
    NoRule,
    /// The request of a cluster is unknown.
    #[snafu(display("Request ID not found for given org_id and cluster_id"))]
    NoRequest,
    /// No prediction is available.
    #[snafu(display("No data available for the cluster"))]
    NoPrediction,
    /// A value is out of range.
    #[snafu(display("Error during validating param '{name}' with value '{value}'. Error: '{reason}'"))]
    OutOfRange {
        /// The parameter.
        name: &'static str,
        /// Its value, shortened.
        value: String,
        /// The problem.
        reason: String,
    },
    /// The database can't answer.
    #[snafu(display("failed to query the database"), context(false))]
    Storage {
        /// The cause.
        source: StorageError,
    },
    /// Valkey can't answer.
    #[snafu(display("failed to query Valkey"), context(false))]
    Valkey {
        /// The cause.
        source: ValkeyError,
    },
    /// The service for upgrade risks can't answer.
    #[snafu(display("failed to predict the risks of an upgrade"), context(false))]
    UpgradeRisks {
        /// The cause.
        source: UpgradeRisksError,
    },
    /// The metrics can't be written as text.
    #[snafu(display("failed to encode the metrics"), context(false))]
    MetricsEncoding {
        /// The cause.
        source: prometheus::Error,
    },
}

impl ApiError {
    /// Returns whether the database could not be reached, rather than a statement failed.
    pub(crate) fn is_unreachable_database(&self) -> bool {
        matches!(
            self,
            Self::Storage {
                source: StorageError::Connect { .. }
                    | StorageError::AllInUse { .. }
                    | StorageError::NoAnswer { .. }
            }
        )
    }
}

impl ResponseError for ApiError {
    fn class(&self) -> ErrorClass {
        match self {
            Self::Request { source } => source.class(),
            Self::Storage { source } if source.class() == ErrorClass::Transient => ErrorClass::Transient,
            Self::Valkey { source } => source.class(),
            Self::Unauthenticated { source: AuthError::Unavailable } | Self::UpgradeRisks { .. } => {
                ErrorClass::Transient
            }
            // Values of clients are checked before they reach the database.
            Self::Storage { .. } | Self::MetricsEncoding { .. } => ErrorClass::Bug,
            _ => ErrorClass::BadInput,
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Request { source } => source.status(),
            Self::Unprocessable { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Unauthenticated { source } if source.status() == StatusCode::UNAUTHORIZED => {
                StatusCode::FORBIDDEN
            }
            Self::Unauthenticated { source } => source.status(),
            Self::InternalRule | Self::ForeignOrganization => StatusCode::FORBIDDEN,
            Self::NotFound { .. } | Self::NoRule | Self::NoRequest | Self::NoPrediction => {
                StatusCode::NOT_FOUND
            }
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
