//! Dead letters.

use ccx_messages::{DeadLetter, ErrorClass, Reason, header};
use ccx_service::error_chain;
use ccx_transport::{KafkaError, Outgoing, Record};
use tracing::warn;

use crate::{SendError, Sender};

/// Longest key that a letter keeps when everything else of the original is omitted.
const MAX_KEY_BYTES: usize = 4096;

/// A dead-letter queue.
pub struct DeadLetters {
    sender: Sender,
    topic: String,
    failed_by: String,
}

/// The parts of the original record that a letter has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parts {
    All,
    WithoutPayload,
    /// Neither payload nor headers, and a key only if it is short.
    None,
}

impl DeadLetters {
    /// Sends to the queue `topic` in the name of the workload `failed_by`.
    pub fn new(sender: Sender, topic: &str, failed_by: &str) -> Self {
        Self { sender, topic: topic.to_owned(), failed_by: failed_by.to_owned() }
    }

    /// Sends a record to the queue, and returns when it is acknowledged. Fails only if the process is to stop.
    ///
    /// Payload, key and headers stay as they are, except for the headers of an earlier letter. If the letter is too large, it
    /// is sent without its payload, then without its headers. Every other error is retried: a queue that does not exist or is
    /// configured wrongly makes the workload not ready, and loses no letter.
    pub async fn send(&self, record: &Record, class: ErrorClass, reason: &Reason) -> Result<(), SendError> {
        let letter = DeadLetter {
            error: reason.clone(),
            class,
            topic: record.topic.to_string(),
            partition: record.partition,
            offset: record.offset,
            timestamp_ms: record.timestamp_ms,
            failed_by: self.failed_by.clone(),
        };
        for parts in [Parts::All, Parts::WithoutPayload] {
            match self.send_parts(record, &letter, parts, KafkaError::is_too_large).await {
                Err(SendError::Rejected(error)) => {
                    warn!(
                        topic = self.topic,
                        partition = record.partition,
                        offset = record.offset,
                        error = error_chain(&error),
                        "dead letter too large, omitting parts of it"
                    );
                }
                sent => return sent,
            }
        }
        self.send_parts(record, &letter, Parts::None, |_| false).await
    }

    async fn send_parts(
        &self,
        record: &Record,
        letter: &DeadLetter,
        parts: Parts,
        is_final: impl Fn(&KafkaError) -> bool,
    ) -> Result<(), SendError> {
        let added = letter.headers();
        let added = added.iter().map(|(name, value)| (*name, value.as_bytes()));
        let added = added.chain(parts.omitted().map(|omitted| (header::OMITTED, omitted.as_bytes())));
        let kept = record.headers.iter().filter(|(name, _)| !DeadLetter::owns_header(name));
        let headers: Vec<_> = kept.filter(|_| parts != Parts::None).chain(added).collect();
        let key = record.key.as_deref().filter(|key| parts != Parts::None || key.len() <= MAX_KEY_BYTES);
        let payload = if parts == Parts::All { &*record.payload } else { &[] };
        let message = Outgoing { topic: &self.topic, key, headers: &headers, payload };
        self.sender.send_unless(message, is_final).await
    }
}

impl Parts {
    fn omitted(self) -> Option<&'static str> {
        match self {
            Self::All => None,
            Self::WithoutPayload => Some("payload"),
            Self::None => Some("payload, key, headers"),
        }
    }
}
