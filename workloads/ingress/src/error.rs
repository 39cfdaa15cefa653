//! Every reason why an upload is not accepted, with the status and text of its answer.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use ccx_auth::AuthError;
use ccx_service::error_chain;
use ccx_transport::{KafkaError, ObjectStoreError};
use snafu::Snafu;

/// Time after which a client should try again when a dependency is unavailable.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("30");

/// Why an upload is not accepted. Clients read the message, unless the service is at fault.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(crate)))]
pub(crate) enum UploadError {
    /// The caller is unknown.
    #[snafu(transparent)]
    Unauthenticated { source: AuthError },
    /// The organisation may not upload.
    #[snafu(display("Upload denied. Please contact your administrator."))]
    DeniedOrganization,
    /// The body is not a form with parts.
    #[snafu(display("the body is not multipart/form-data with a boundary"))]
    NotMultipart,
    /// The form has no archive.
    #[snafu(display("File or upload field not found"))]
    NoFile,
    /// The form has several archives.
    #[snafu(display("the form has more than one file or upload field"))]
    SeveralFiles,
    /// The archive is empty.
    #[snafu(display("the file is empty"))]
    EmptyFile,
    /// The form breaks off or can't be parsed.
    #[snafu(display("failed to read the form: {reason}"))]
    Form { reason: String },
    /// The archive is not for a service that is accepted.
    #[snafu(display("the content type of the file is not accepted: {content_type}"))]
    ContentType { content_type: String },
    /// The archive is too large.
    #[snafu(display("File exceeds maximum file size ({max_bytes}) for upload"))]
    TooLarge { max_bytes: u64 },
    /// The rest of the form is too large.
    #[snafu(display("the fields beside the file exceed {max_bytes} bytes"))]
    FieldsTooLarge { max_bytes: u64 },
    /// No byte arrived for too long, or the whole took too long.
    #[snafu(display("the upload took too long"))]
    TooSlow,
    /// Too many uploads are in flight.
    #[snafu(display("too many uploads at the moment, try again later"))]
    Busy,
    /// S3 does not accept the archive.
    #[snafu(display("failed to store the archive"))]
    Store { source: ObjectStoreError },
    /// Kafka does not accept the announcement.
    #[snafu(display("failed to announce the archive"))]
    Announce { source: KafkaError },
    /// The handler panicked.
    #[snafu(display("the handler panicked"))]
    Panicked,
}

impl UploadError {
    /// Returns the status of the answer.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Unauthenticated { source } => source.status(),
            Self::DeniedOrganization => StatusCode::FORBIDDEN,
            Self::NotMultipart | Self::NoFile | Self::SeveralFiles | Self::EmptyFile | Self::Form { .. } => {
                StatusCode::BAD_REQUEST
            }
            Self::ContentType { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge { .. } | Self::FieldsTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Busy | Self::Store { .. } | Self::Announce { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Panicked => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Returns whether the service or one of its dependencies is at fault.
    pub(crate) fn is_server_error(&self) -> bool {
        self.status().is_server_error()
    }

    fn message(&self) -> String {
        match self {
            Self::Store { .. } | Self::Announce { .. } => {
                "the archive can't be accepted at the moment, try again later".into()
            }
            Self::Panicked => "Internal Server Error".into(),
            _ => self.to_string(),
        }
    }
}

impl IntoResponse for UploadError {
    fn into_response(self) -> Response {
        let status = self.status();
        if self.is_server_error() {
            tracing::warn!(status = status.as_u16(), error = error_chain(&self), "upload failed");
        } else {
            tracing::info!(status = status.as_u16(), reason = error_chain(&self), "upload refused");
        }
        let mut response = (status, self.message()).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER_SECONDS);
        }
        response
    }
}
