//! One record of a topic, owned.

use std::sync::Arc;

use bytes::Bytes;
use rdkafka::Message;
use rdkafka::message::{BorrowedMessage, Headers as _};

/// A record that a [`Consumer`](super::Consumer) or a [`TopicReader`](super::TopicReader) has read.
#[derive(Clone, Debug)]
pub struct Record {
    /// The topic that it was read from.
    pub topic: Arc<str>,
    /// The partition of the topic.
    pub partition: i32,
    /// Its offset in the partition.
    pub offset: i64,
    /// Its time in milliseconds since 1970-01-01 UTC: the producer's or the broker's, as the topic is set up.
    pub timestamp_ms: Option<i64>,
    /// What decided its partition, when its producer gave a key.
    pub key: Option<Vec<u8>>,
    /// Its headers, in the producer's order.
    pub headers: Headers,
    /// Its value; empty when it has none.
    pub payload: Bytes,
}

/// Where a record is within the topic of its consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The partition.
    pub partition: i32,
    /// The offset in the partition.
    pub offset: i64,
}

/// The headers of a record: an ordered list in which a name may occur more than once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, Bytes)>);

impl Record {
    /// Where the record is within its topic.
    pub fn position(&self) -> Position {
        Position { partition: self.partition, offset: self.offset }
    }

    /// Bytes of memory that the record keeps, roughly.
    pub fn size_bytes(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        self.payload.len() + self.key.as_ref().map_or(0, Vec::len) + headers
    }

    /// Copies a message out of librdkafka's memory; `topic` is its topic, shared among the records.
    pub(super) fn copied(message: &BorrowedMessage<'_>, topic: &Arc<str>) -> Self {
        let headers = message.headers().map(|headers| {
            headers
                .iter()
                .map(|header| (header.key.into(), Bytes::copy_from_slice(header.value.unwrap_or_default())))
                .collect()
        });
        Self {
            topic: Arc::clone(topic),
            partition: message.partition(),
            offset: message.offset(),
            timestamp_ms: message.timestamp().to_millis(),
            key: message.key().map(<[u8]>::to_vec),
            headers: headers.unwrap_or_default(),
            payload: Bytes::copy_from_slice(message.payload().unwrap_or_default()),
        }
    }
}

impl Headers {
    /// The value of the first header of that name.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// The value of the first header of that name, when it is UTF-8.
    pub fn get_str(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.get(name)?).ok()
    }

    /// All headers in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> + Clone {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_ref()))
    }
}

impl FromIterator<(String, Bytes)> for Headers {
    fn from_iter<I: IntoIterator<Item = (String, Bytes)>>(headers: I) -> Self {
        Self(headers.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_header_of_a_name_counts() {
        let headers: Headers = [("service", "openshift"), ("service", "advisor"), ("raw", "\u{e9}")]
            .map(|(name, value)| (name.into(), value.into()))
            .into_iter()
            .collect();
        assert_eq!(headers.get_str("service"), Some("openshift"));
        assert_eq!(headers.get("raw"), Some([0xc3, 0xa9].as_slice()));
        assert_eq!(headers.get("absent"), None);
    }

    #[test]
    fn a_header_that_is_not_utf_8_has_bytes_and_no_text() {
        let headers: Headers = [("raw".to_owned(), Bytes::from_static(&[0xff]))].into_iter().collect();
        assert_eq!((headers.get("raw"), headers.get_str("raw")), (Some([0xff].as_slice()), None));
    }
}
