//! A record of a topic, owned.

use std::sync::Arc;

use bytes::Bytes;
use rdkafka::Message;
use rdkafka::message::BorrowedMessage;

use super::Headers;

/// A record that a [`Consumer`](super::Consumer) or a [`TopicReader`](super::TopicReader) has read.
#[derive(Clone, Debug)]
pub struct Record {
    /// The topic that it was read from.
    pub topic: Arc<str>,
    /// The partition of the topic.
    pub partition: i32,
    /// Its offset in the partition.
    pub offset: i64,
    /// Its time in milliseconds since 1970-01-01 UTC: the producer's or the broker's, by the configuration of the topic.
    pub timestamp_ms: Option<i64>,
    /// Its key, which decides its partition.
    pub key: Option<Vec<u8>>,
    /// Its headers, in the producer's order.
    pub headers: Headers,
    /// Its value; empty when it has none.
    pub payload: Bytes,
}

/// The position of a record within the topic of its consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The partition.
    pub partition: i32,
    /// The offset in the partition.
    pub offset: i64,
}

impl Record {
    /// Returns the position of the record within its topic.
    pub fn position(&self) -> Position {
        Position { partition: self.partition, offset: self.offset }
    }

    /// Returns about how many bytes of memory the record keeps.
    pub fn size_bytes(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        self.payload.len() + self.key.as_ref().map_or(0, Vec::len) + headers
    }

    /// Copies a message out of librdkafka's memory; `topic` is its topic, shared among the records.
    pub(super) fn copied(message: &BorrowedMessage<'_>, topic: &Arc<str>) -> Self {
        Self {
            topic: Arc::clone(topic),
            partition: message.partition(),
            offset: message.offset(),
            timestamp_ms: message.timestamp().to_millis(),
            key: message.key().map(<[u8]>::to_vec),
            headers: message.headers().map(Headers::copied).unwrap_or_default(),
            payload: Bytes::copy_from_slice(message.payload().unwrap_or_default()),
        }
    }
}
