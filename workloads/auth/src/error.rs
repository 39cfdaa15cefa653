//! Every reason why a caller is refused, with the status and text of the answer.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;
use snafu::Snafu;

/// Why the caller of a request is unknown. Clients read the message: it never repeats a credential.
#[derive(Clone, Debug, PartialEq, Eq, Snafu)]
pub enum AuthError {
    /// The request has no credentials.
    #[snafu(display("Missing auth token"))]
    Missing,
    /// The credentials can't be read, or there are two.
    #[snafu(display("Malformed authentication token"))]
    Malformed,
    /// The credentials name no organisation.
    #[snafu(display(
        "error retrieving requester org_id from token. account_number [{account_number}], user data [{{UserID:{user_id}}}]"
    ))]
    NoOrganization {
        /// The account number, as stated.
        account_number: String,
        /// The user, as stated.
        user_id: String,
    },
    /// Only a gateway's header was sent, to a service that is not behind a gateway.
    #[snafu(display("the header x-rh-identity is not accepted here; send a bearer token"))]
    UntrustedHeader,
    /// The token is unknown, expired, or not signed by the issuer.
    #[snafu(display("the token is not valid"))]
    InvalidToken,
    /// The caller is known, but has no access to the service.
    #[snafu(display("you have no permission to access this service"))]
    Forbidden,
    /// The service that checks the credentials does not answer.
    #[snafu(display("the credentials can't be checked at the moment, try again later"))]
    Unavailable,
}

impl AuthError {
    /// Returns the name of the reason, for metrics.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::NoOrganization { .. } => "no_organization",
            Self::UntrustedHeader => "untrusted_header",
            Self::InvalidToken => "invalid_token",
            Self::Forbidden => "forbidden",
            Self::Unavailable => "unavailable",
        }
    }

    /// Returns the status of the answer: 401, 403 or 503.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Missing
            | Self::Malformed
            | Self::NoOrganization { .. }
            | Self::UntrustedHeader
            | Self::InvalidToken => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl IntoResponse for AuthError {
    fn into_response(self) -> Response {
        (self.status(), Json(json!({ "status": self.to_string() }))).into_response()
    }
}
