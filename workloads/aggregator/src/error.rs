//! Everything that can go wrong with a request, and the status and text that the client gets for it.
//!
//! The texts of the 400s, 401s, 403s and 404s are those of the service that this one replaces; clients compare some of them.

use axum::http::StatusCode;
use ccx_messages::{ErrorClass, OrgId};
use ccx_storage::StorageError;
use snafu::Snafu;

use crate::answer::Answer;

/// Why a request can't be answered. The message is what the client reads, except for our own faults and the database's.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(crate)))]
pub(crate) enum ApiError {
    /// A part of the path is empty.
    #[snafu(display("Missing required param from request: {name}"))]
    MissingParameter { name: &'static str },
    /// A part of the path is not what it should be.
    #[snafu(display("Error during parsing param '{name}' with value '{value}'. Error: '{reason}'"))]
    BadParameter { name: &'static str, value: String, reason: String },
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
    /// A body is needed and there is none.
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
    /// Nobody says who asks.
    #[snafu(display("Missing auth token"))]
    MissingToken,
    /// What says who asks can't be read.
    #[snafu(display("Malformed authentication token"))]
    MalformedToken,
    /// Who asks belongs to no organisation.
    #[snafu(display(
        "error retrieving requester org_id from token. account_number [{account_number}], user data [{{UserID:{user_id}}}]"
    ))]
    NoOrganization { account_number: String, user_id: String },
    /// Who asks belongs to another organisation.
    #[snafu(display(
        "you have no permissions to get or change info about the organization with ID {asked}; \
         you can access info about organization with ID {own}"
    ))]
    Forbidden { asked: OrgId, own: OrgId },
    /// There is no such thing.
    #[snafu(display("Item with ID {item} was not found in the storage"))]
    NotFound { item: String },
    /// The request took too long.
    #[snafu(display("the request took too long"))]
    TimedOut,
    /// The database can't answer.
    #[snafu(display("failed to read from the database"), context(false))]
    Storage { source: StorageError },
    /// An answer can't be written as JSON.
    #[snafu(display("failed to encode the answer"), context(false))]
    Encoding { source: serde_json::Error },
    /// The metrics can't be written as text.
    #[snafu(display("failed to encode the metrics"), context(false))]
    MetricsEncoding { source: prometheus::Error },
}

impl ApiError {
    /// Whether asking again later can help, and whether it is the client's fault or ours.
    pub(crate) fn class(&self) -> ErrorClass {
        match self {
            Self::TimedOut => ErrorClass::Transient,
            Self::Storage { source } if source.class() == ErrorClass::Transient => ErrorClass::Transient,
            // What the client sends is checked before it gets to the database.
            Self::Storage { .. } | Self::Encoding { .. } | Self::MetricsEncoding { .. } => ErrorClass::Bug,
            _ => ErrorClass::BadInput,
        }
    }

    /// The status of the answer.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::MissingToken | Self::MalformedToken | Self::NoOrganization { .. } => {
                StatusCode::UNAUTHORIZED
            }
            Self::Forbidden { .. } => StatusCode::FORBIDDEN,
            Self::NotFound { .. } => StatusCode::NOT_FOUND,
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            _ => match self.class() {
                ErrorClass::BadInput => StatusCode::BAD_REQUEST,
                ErrorClass::Transient => StatusCode::SERVICE_UNAVAILABLE,
                ErrorClass::Bug => StatusCode::INTERNAL_SERVER_ERROR,
            },
        }
    }

    /// What the client gets. It learns nothing about the inside.
    pub(crate) fn answer(&self) -> Answer {
        match self.status() {
            status @ StatusCode::INTERNAL_SERVER_ERROR => Answer::problem(status, "Internal Server Error"),
            status @ StatusCode::SERVICE_UNAVAILABLE => {
                Answer::problem(status, "the results are not available at the moment, try again later")
            }
            status => Answer::problem(status, &self.to_string()),
        }
    }
}
