//! Messages that are given up: to the dead letter queue, and into the table `consumer_error`.

use std::pin::pin;

use ccx_config::Retry;
use ccx_messages::{DeadLetter, ErrorClass};
use ccx_service::{Backoff, Condition, Heartbeat, Waited, error_chain};
use ccx_storage::ConsumerError;
use ccx_transport::{Connectivity, KafkaError, Producer, Record, dead_letter};
use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use crate::{SERVICE, check::Refused, metrics::Metrics, store::Interrupted};

/// The dead letter queue.
pub(crate) struct DeadLetters {
    pub(crate) producer: Producer,
    pub(crate) topic: String,
    pub(crate) retry: Retry,
    pub(crate) kafka_condition: Condition,
    pub(crate) heartbeat: Heartbeat,
    pub(crate) metrics: Metrics,
    pub(crate) shutdown: CancellationToken,
}

impl DeadLetters {
    /// Sends a message, and returns when it is safe. While brokers are away it waits.
    pub(crate) async fn send(&self, record: &Record, refused: &Refused) -> Result<(), Interrupted> {
        let letter = letter(record, refused);
        let mut backoff = Backoff::new(&self.retry);
        while let Err(error) = self.try_to_send(record, &letter).await {
            if is_final(&error) {
                // The row in `consumer_error` is what is left of it; waiting would stop all other messages.
                let error = error_chain(&error);
                error!(
                    partition = record.partition,
                    offset = record.offset,
                    error,
                    "a dead letter is refused by the broker"
                );
                return Ok(());
            }
            if backoff.failures() == 0 {
                let error = error_chain(&error);
                warn!(
                    partition = record.partition,
                    offset = record.offset,
                    error,
                    "failed to send a dead letter, trying again"
                );
            }
            self.heartbeat.beat();
            if backoff.wait(&self.shutdown).await == Waited::ShuttingDown {
                return Err(Interrupted::ShuttingDown);
            }
        }
        self.metrics.produced_messages.inc();
        self.metrics.dead_letter(refused.class);
        Ok(())
    }

    /// One attempt, which takes half a minute without brokers; meanwhile the loop that usually tells of them stands still.
    async fn try_to_send(&self, record: &Record, letter: &DeadLetter) -> Result<(), KafkaError> {
        let mut connectivity = self.producer.connectivity();
        let mut sending = pin!(dead_letter(&self.producer, &self.topic, record, letter));
        loop {
            tokio::select! {
                sent = &mut sending => return sent,
                Ok(()) = connectivity.changed() => tell(&self.kafka_condition, &connectivity.borrow_and_update()),
            }
        }
    }
}

/// Readiness, as far as brokers are concerned.
pub(crate) fn tell(kafka: &Condition, connectivity: &Connectivity) {
    match connectivity {
        Connectivity::Up => kafka.ready(),
        Connectivity::Connecting => kafka.not_ready("connecting"),
        Connectivity::Down(reason) => kafka.not_ready(reason.as_str()),
    }
}

/// The message itself is too large or malformed for the queue.
fn is_final(error: &KafkaError) -> bool {
    error.class() == ErrorClass::BadInput
}

fn letter(record: &Record, refused: &Refused) -> DeadLetter {
    DeadLetter {
        error: refused.reason.clone(),
        class: refused.class,
        topic: record.topic.to_string(),
        partition: record.partition,
        offset: record.offset,
        timestamp_ms: record.timestamp_ms,
        failed_by: SERVICE.into(),
    }
}

/// The row for the same message.
pub(crate) fn consumer_error(
    record: &Record,
    refused: &Refused,
    consumed_at: DateTime<Utc>,
) -> ConsumerError {
    ConsumerError {
        topic: record.topic.to_string(),
        partition: record.partition,
        offset: record.offset,
        key: record.key.clone(),
        produced_at: record.timestamp_ms.and_then(DateTime::from_timestamp_millis).unwrap_or(consumed_at),
        consumed_at,
        message: record.payload.to_vec(),
        error: refused.reason.to_string(),
    }
}
