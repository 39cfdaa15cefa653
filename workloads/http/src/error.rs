//! Reasons why a request can't be answered, and the form in which an API reports them.

use std::{error::Error, fmt, sync::Arc};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use ccx_messages::ErrorClass;
use snafu::Snafu;

use crate::response::problem;

/// Time after which a client should retry a 503: dependencies are checked every 2 s, and recover within a few.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("5");

/// An error that is an answer of an API.
pub trait ResponseError: Error + Send + Sync + 'static {
    /// Returns whether the request or the service is at fault, or whether a retry can help.
    fn class(&self) -> ErrorClass;

    /// Returns the status of the answer.
    fn status(&self) -> StatusCode {
        match self.class() {
            ErrorClass::BadInput => StatusCode::BAD_REQUEST,
            ErrorClass::Transient => StatusCode::SERVICE_UNAVAILABLE,
            ErrorClass::Bug => StatusCode::INTERNAL_SERVER_ERROR,
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

/// The reason for an answer: an extension of the response, or the error that ends its body. For the log, never for the client.
#[derive(Clone, Debug)]
pub struct Failure(Arc<dyn ResponseError>);

impl Failure {
    /// Wraps an error.
    pub fn new(error: impl ResponseError) -> Self {
        Self(Arc::new(error))
    }

    /// Returns the answer about the error.
    pub fn into_response(self) -> Response {
        let mut response = problem(self.status(), &self.message());
        if response.status() == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER_SECONDS);
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

impl ResponseError for Failure {
    fn class(&self) -> ErrorClass {
        self.0.class()
    }

    fn status(&self) -> StatusCode {
        self.0.status()
    }

    fn message(&self) -> String {
        self.0.message()
    }
}

/// The reason why a layer or an extractor rejects a request.
///
/// The texts about parameters and bodies are those of the services that ours replace; clients compare some of them.
#[derive(Debug, Snafu)]
pub enum RequestError {
    /// A part of the path is empty.
    #[snafu(display("Missing required param from request: {name}"))]
    MissingParameter {
        /// The parameter.
        name: String,
    },
    /// A part of the path is not what it should be.
    #[snafu(display("Error during parsing param '{name}' with value '{value}'. Error: '{reason}'"))]
    BadParameter {
        /// The parameter.
        name: String,
        /// Its value, shortened.
        value: String,
        /// The problem.
        reason: String,
    },
    /// One of several clusters is not a UUID.
    #[snafu(display("invalid cluster ID: '{value}'. Error: {reason}"))]
    BadClusterInList {
        /// The value, shortened.
        value: String,
        /// The problem.
        reason: String,
    },
    /// More clusters than one request may ask for.
    #[snafu(display("too many clusters in the request, at most {max} are allowed"))]
    TooManyClusters {
        /// The limit.
        max: usize,
    },
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
    BodyTooLarge {
        /// The limit.
        max_bytes: u64,
    },
    /// The body is not JSON.
    #[snafu(display("{source}"))]
    BodySyntax {
        /// The position and the problem.
        source: serde_json::Error,
    },
    /// The body is JSON of another shape.
    #[snafu(display("bad type in json data"))]
    BodyType,
    /// The path exists, but not for this method.
    #[snafu(display("the method is not allowed for this path"))]
    MethodNotAllowed,
    /// The URI is longer than allowed.
    #[snafu(display("the URI of the request is longer than {max_bytes} bytes"))]
    UriTooLong {
        /// The limit.
        max_bytes: usize,
    },
    /// The request took too long.
    #[snafu(display("the request took too long"))]
    TimedOut,
    /// An answer can't be written as JSON.
    #[snafu(display("failed to encode the answer"), context(false))]
    Encoding {
        /// The cause.
        source: serde_json::Error,
    },
    /// The handler's struct does not fit its path.
    #[snafu(display("the route and its handler disagree about the parameters"))]
    Route,
    /// The handler panicked.
    #[snafu(display("the handler panicked"))]
    Panicked,
}

impl ResponseError for RequestError {
    fn class(&self) -> ErrorClass {
        match self {
            Self::TimedOut => ErrorClass::Transient,
            Self::Encoding { .. } | Self::Route | Self::Panicked => ErrorClass::Bug,
            _ => ErrorClass::BadInput,
        }
    }

    fn status(&self) -> StatusCode {
        match self {
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
}

impl IntoResponse for RequestError {
    fn into_response(self) -> Response {
        Failure::new(self).into_response()
    }
}
