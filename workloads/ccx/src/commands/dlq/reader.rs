//! Reads the queues.

use std::collections::VecDeque;

use ccx_config::Kafka;
use ccx_transport::{Record, TopicReader};
use snafu::ResultExt as _;

use super::{DlqError, Letter, Position, Queue, ReadSnafu};

/// Reads queues from their beginning to their current end, one letter at a time.
pub(super) struct Letters<'a> {
    kafka: &'a Kafka,
    waiting: VecDeque<Queue>,
    current: Option<(Queue, TopicReader)>,
}

/// A letter and its position.
pub(super) struct Found {
    pub(super) position: Position,
    pub(super) letter: Letter,
    pub(super) record: Record,
}

impl<'a> Letters<'a> {
    pub(super) fn new(kafka: &'a Kafka, queues: impl IntoIterator<Item = Queue>) -> Self {
        Self { kafka, waiting: queues.into_iter().collect(), current: None }
    }

    /// Returns the next letter, in order within a partition; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Found>, DlqError> {
        loop {
            if let Some((queue, reader)) = &mut self.current {
                let topic = queue.topic(&self.kafka.topics);
                if let Some(record) = reader.next().await.context(ReadSnafu { topic })? {
                    let position =
                        Position { queue: *queue, partition: record.partition, offset: record.offset };
                    return Ok(Some(Found { position, letter: Letter::from_record(&record), record }));
                }
            }
            let Some(queue) = self.waiting.pop_front() else { return Ok(None) };
            let topic = queue.topic(&self.kafka.topics);
            let reader = TopicReader::open(self.kafka, topic).await.context(ReadSnafu { topic })?;
            self.current = Some((queue, reader));
        }
    }
}
