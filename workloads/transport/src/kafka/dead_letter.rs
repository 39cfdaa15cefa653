//! Sending a record to a dead-letter queue.

use ccx_messages::DeadLetter;

use super::{KafkaError, Outgoing, Producer, Record};

/// Sends `record` to the dead-letter queue `topic`, with `letter` saying why.
///
/// Payload and key stay as they are. The headers of an earlier letter are replaced, all others stay in front.
pub async fn dead_letter(
    producer: &Producer,
    topic: &str,
    record: &Record,
    letter: &DeadLetter,
) -> Result<(), KafkaError> {
    let added = letter.headers();
    let kept = record.headers.iter().filter(|(name, _)| !DeadLetter::owns_header(name));
    let headers: Vec<_> = kept.chain(added.iter().map(|(name, value)| (*name, value.as_bytes()))).collect();
    let message = Outgoing { topic, key: record.key.as_deref(), headers: &headers, payload: &record.payload };
    producer.send(message).await
}
