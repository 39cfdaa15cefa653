//! Dead-letter queues: the untouched message, and headers that say why it is there.

use crate::{ErrorClass, Reason};

/// Names of headers that this project adds to messages. The headers of the original message are kept beside them.
pub mod header {
    /// The error and its causes, see [`Reason`](crate::Reason).
    pub const ERROR: &str = "ccx-error";
    /// The class of the error, see [`ErrorClass`](crate::ErrorClass).
    pub const ERROR_CLASS: &str = "ccx-error-class";
    /// The topic that the message came from.
    pub const ORIGINAL_TOPIC: &str = "ccx-original-topic";
    /// The partition that the message came from.
    pub const ORIGINAL_PARTITION: &str = "ccx-original-partition";
    /// The offset of the message in that partition.
    pub const ORIGINAL_OFFSET: &str = "ccx-original-offset";
    /// The message's own time, in milliseconds since 1970-01-01 UTC.
    pub const ORIGINAL_TIMESTAMP: &str = "ccx-original-timestamp";
    /// The workload that dead-lettered the message.
    pub const FAILED_BY: &str = "ccx-failed-by";
    /// Parts of the original message that the letter lacks, because with them it was too large for the queue:
    /// `payload`, or `payload, key, headers`.
    pub const OMITTED: &str = "ccx-omitted";
    /// Set to `false` on a result whose cluster id comes from the archive alone: its sender has not authenticated as
    /// that cluster. Absent on every other result, and on results of other producers.
    pub const CLUSTER_AUTHENTICATED: &str = "ccx-cluster-authenticated";
    /// The request, carried from topic to topic for tracing.
    pub const REQUEST_ID: &str = "ccx-request-id";
}

/// Why a message is a dead letter, and where it came from.
///
/// ```
/// use ccx_messages::{DeadLetter, ErrorClass, Reason, header};
///
/// let letter = DeadLetter {
///     error: Reason::new("missing required attribute 'OrgID'"),
///     class: ErrorClass::BadInput,
///     topic: "ccx.ocp.results".into(),
///     partition: 0,
///     offset: 42,
///     timestamp_ms: None,
///     failed_by: "insights-results-db-writer".into(),
/// };
/// assert!(letter.headers().contains(&(header::ORIGINAL_OFFSET, "42".to_owned())));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// The error and its causes.
    pub error: Reason,
    /// The class of the error.
    pub class: ErrorClass,
    /// The topic that the message came from.
    pub topic: String,
    /// Its partition.
    pub partition: i32,
    /// Its offset in the partition.
    pub offset: i64,
    /// Its time, in milliseconds since 1970-01-01 UTC, when the broker gave one.
    pub timestamp_ms: Option<i64>,
    /// The workload that dead-lettered the message.
    pub failed_by: String,
}

impl DeadLetter {
    /// Returns the headers that describe the letter, in a fixed order.
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = vec![
            (header::ERROR, self.error.to_string()),
            (header::ERROR_CLASS, self.class.to_string()),
            (header::ORIGINAL_TOPIC, self.topic.clone()),
            (header::ORIGINAL_PARTITION, self.partition.to_string()),
            (header::ORIGINAL_OFFSET, self.offset.to_string()),
            (header::FAILED_BY, self.failed_by.clone()),
        ];
        headers.extend(self.timestamp_ms.map(|ms| (header::ORIGINAL_TIMESTAMP, ms.to_string())));
        headers
    }

    /// Parses the headers; `None` when a required one is missing or invalid, as in a letter of another program.
    pub fn from_headers<'a>(headers: &(impl Iterator<Item = (&'a str, &'a [u8])> + Clone)) -> Option<Self> {
        let value = |name: &str| {
            let (_, bytes) = headers.clone().find(|(key, _)| *key == name)?;
            std::str::from_utf8(bytes).ok()
        };
        Some(Self {
            error: Reason::new(value(header::ERROR)?),
            class: value(header::ERROR_CLASS)?.parse().ok()?,
            topic: value(header::ORIGINAL_TOPIC)?.into(),
            partition: value(header::ORIGINAL_PARTITION)?.parse().ok()?,
            offset: value(header::ORIGINAL_OFFSET)?.parse().ok()?,
            timestamp_ms: value(header::ORIGINAL_TIMESTAMP).and_then(|ms| ms.parse().ok()),
            failed_by: value(header::FAILED_BY)?.into(),
        })
    }

    /// Returns whether a header belongs to the letter and not to the original message.
    pub fn owns_header(name: &str) -> bool {
        [
            header::ERROR,
            header::ERROR_CLASS,
            header::ORIGINAL_TOPIC,
            header::ORIGINAL_PARTITION,
            header::ORIGINAL_OFFSET,
            header::ORIGINAL_TIMESTAMP,
            header::FAILED_BY,
            header::OMITTED,
        ]
        .contains(&name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter() -> DeadLetter {
        DeadLetter {
            error: Reason::new("failed to download: 404"),
            class: ErrorClass::BadInput,
            topic: "platform.upload.announce".into(),
            partition: 3,
            offset: 1 << 40,
            timestamp_ms: Some(1_768_478_400_000),
            failed_by: "ccx-data-pipeline".into(),
        }
    }

    #[test]
    fn headers_of_a_letter_are_parsed_back() {
        let headers = letter().headers();
        let read = DeadLetter::from_headers(&headers.iter().map(|(name, value)| (*name, value.as_bytes())));
        assert_eq!(read, Some(letter()));
        assert!(headers.iter().all(|(name, _)| DeadLetter::owns_header(name)));
        assert!(!DeadLetter::owns_header("service") && !DeadLetter::owns_header(header::REQUEST_ID));
    }

    #[test]
    fn letter_of_another_program_is_not_parsed() {
        assert_eq!(DeadLetter::from_headers(&[("service", b"openshift".as_slice())].into_iter()), None);
    }
}
