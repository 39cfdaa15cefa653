//! Batches of messages, one for each transaction.

use std::time::Duration;

use ccx_transport::{Consumer, KafkaError, Record};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

/// The limits at which a batch is complete.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Most messages.
    pub(crate) max_messages: usize,
    /// Most bytes. The message that crosses the limit is included, so that one of any size is processed.
    pub(crate) max_bytes: usize,
    /// Shortest time from the completion of one batch to that of the next, unless it is full. A message on an idle topic does not wait.
    pub(crate) linger: Duration,
}

/// Messages of one transaction.
#[derive(Debug)]
struct Batch<T> {
    limits: Limits,
    messages: Vec<T>,
    bytes: usize,
}

impl<T> Batch<T> {
    fn new(limits: Limits) -> Self {
        Self { limits, messages: Vec::new(), bytes: 0 }
    }

    fn push(&mut self, message: T, bytes: usize) {
        self.messages.push(message);
        self.bytes += bytes;
    }

    fn is_full(&self) -> bool {
        self.messages.len() >= self.limits.max_messages || self.bytes >= self.limits.max_bytes
    }
}

/// Collects batches from a consumer.
pub(crate) struct Collector<'a> {
    consumer: &'a Consumer,
    limits: Limits,
    /// The time before which only a full batch is complete.
    earliest: Instant,
}

impl<'a> Collector<'a> {
    pub(crate) fn new(consumer: &'a Consumer, limits: Limits) -> Self {
        Self { consumer, limits, earliest: Instant::now() }
    }

    pub(crate) fn consumer(&self) -> &'a Consumer {
        self.consumer
    }

    /// Collects a batch. It is empty if no message came for `idle`, and ends early at a shutdown. Fails if the consumer has ended.
    pub(crate) async fn collect(
        &mut self,
        idle: Duration,
        shutdown: &CancellationToken,
    ) -> Result<Vec<Record>, KafkaError> {
        let mut batch = Batch::new(self.limits);
        let idle_until = Instant::now() + idle;
        while !batch.is_full() {
            let due = if batch.messages.is_empty() { idle_until } else { self.earliest };
            let next = timeout_at(due, shutdown.run_until_cancelled(self.consumer.next()));
            // A time-out in the past still takes a record that is there.
            let Ok(Some(record)) = next.await else { break };
            let record = record?;
            let bytes = record.size_bytes();
            batch.push(record, bytes);
        }
        if !batch.messages.is_empty() {
            self.earliest = Instant::now() + self.limits.linger;
        }
        Ok(batch.messages)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMITS: Limits = Limits { max_messages: 3, max_bytes: 100, linger: Duration::from_millis(5) };

    #[test]
    fn batch_is_full_at_its_number_of_messages() {
        let mut batch = Batch::new(LIMITS);
        for message in 0..3 {
            assert!(!batch.is_full());
            batch.push(message, 1);
        }
        assert!(batch.is_full());
    }

    #[test]
    fn message_over_the_limit_of_bytes_is_a_batch_of_its_own() {
        let mut batch = Batch::new(LIMITS);
        batch.push("big", 1_000_000);
        assert!(batch.is_full());
        assert_eq!(batch.messages, ["big"]);
    }

    proptest! {
        #[test]
        fn batch_that_is_not_full_is_under_both_limits(sizes in prop::collection::vec(0_usize..60, 0..10)) {
            let mut batch = Batch::new(LIMITS);
            for size in sizes {
                if batch.is_full() {
                    break;
                }
                prop_assert!(batch.messages.len() < 3 && batch.bytes < 100);
                batch.push(size, size);
            }
            prop_assert_eq!(batch.bytes, batch.messages.iter().sum::<usize>());
        }
    }
}
