//! The cause of a failed request to the object storage, in one line.

use std::error::Error;

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use snafu::Snafu;

/// A request failed: the code and message of the server, or the reason why there is no answer.
///
/// The SDK's own errors are chains of five, the last of which is the debug text of a structure.
#[derive(Debug, PartialEq, Eq, Snafu)]
#[snafu(display("{text}"))]
pub(super) struct RequestFailure {
    text: String,
}

impl RequestFailure {
    pub(super) fn new<E: ProvideErrorMetadata + Error + 'static>(
        endpoint: Option<&str>,
        error: &SdkError<E>,
    ) -> Self {
        let status = error.raw_response().map(|response| response.status().as_u16());
        let text = match (error.code(), error.message(), status) {
            (Some(code), Some(message), _) => format!("{code}: {message}"),
            (Some(code), None, _) => format!("the server answers {code}"),
            (None, _, Some(status)) => format!("the server answers HTTP {status}"),
            (None, _, None) => {
                let cause = innermost(error);
                let hint =
                    if cause.contains("InvalidContentType") { "; is it a server without TLS?" } else { "" };
                match endpoint {
                    Some(endpoint) => format!("no answer from {endpoint}: {cause}{hint}"),
                    None => format!("no answer: {cause}{hint}"),
                }
            }
        };
        Self { text: text.split_whitespace().collect::<Vec<_>>().join(" ") }
    }
}

/// Returns the text of the error that has no cause.
fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    innermost.to_string()
}
