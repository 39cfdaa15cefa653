//! The reasons why a login fails. No message repeats a token, a code or a secret.

use snafu::Snafu;

use crate::http::FetchError;

/// A person can't be logged in.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(super)))]
#[non_exhaustive]
pub enum LoginError {
    /// The provider does not answer.
    #[snafu(display("failed to {action}"))]
    Unavailable {
        /// The step that failed.
        action: &'static str,
    },
    /// The provider can't be reached, or does not answer as specified.
    #[snafu(display("failed to {action}"))]
    Request {
        /// The step that failed.
        action: &'static str,
        /// The cause.
        #[snafu(source(from(FetchError, Into::into)))]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The provider refused the code, the refresh token or the client.
    #[snafu(display("the provider refused the request: {refusal}"))]
    Refused {
        /// The reason.
        refusal: LoginRefusal,
    },
    /// The response came from another provider (RFC 9207).
    #[snafu(display("the response is that of another issuer"))]
    OtherIssuer,
    /// The id token was issued for another login.
    #[snafu(display("the id token belongs to another login"))]
    OtherLogin,
    /// The id token can't be trusted.
    #[snafu(display("the id token is not valid: {reason}"))]
    InvalidToken {
        /// The fault of the token.
        reason: &'static str,
    },
    /// The id token names no organisation.
    #[snafu(display("the id token has no organisation in its claim {claim}"))]
    NoOrganization {
        /// The claim, as configured.
        claim: String,
    },
}

/// An error code of the provider (RFC 6749, 4.1.2.1 and 5.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginRefusal(String);

impl LoginRefusal {
    /// The longest code, in characters.
    const MAX_LENGTH: usize = 64;

    /// Takes over a code; characters that no code has are left out, as it comes from a URL.
    pub fn new(code: &str) -> Self {
        let is_allowed = |character: &char| character.is_ascii_alphanumeric() || "_-.".contains(*character);
        Self(code.chars().filter(is_allowed).take(Self::MAX_LENGTH).collect())
    }

    /// Returns whether the person, or the provider in its name, declined.
    pub fn is_denied(&self) -> bool {
        self.0 == "access_denied"
    }

    /// Returns whether another attempt can succeed: a code or a refresh token has expired or was used.
    pub fn is_expired(&self) -> bool {
        ["invalid_grant", "login_required", "temporarily_unavailable"].contains(&self.0.as_str())
    }
}

impl std::fmt::Display for LoginRefusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_empty() { "unknown" } else { &self.0 })
    }
}

impl From<LoginRefusal> for LoginError {
    fn from(refusal: LoginRefusal) -> Self {
        Self::Refused { refusal }
    }
}

impl LoginError {
    /// Returns whether the provider is unavailable: trying again later can help.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Request { .. })
    }
}
