//! Sending with retries.

use ccx_config::Retry;
use ccx_messages::ErrorClass;
use ccx_service::{Backoff, Heartbeat, Waited, error_chain};
use ccx_transport::{KafkaError, Outgoing, Producer};
use prometheus::{IntCounter, IntGauge};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::{KafkaReadiness, readiness::Unsent};

/// Sends messages, and retries until Kafka accepts or rejects them. Clones are the same.
#[derive(Clone)]
pub struct Sender {
    producer: Producer,
    retry: Retry,
    readiness: KafkaReadiness,
    metrics: SenderMetrics,
    heartbeat: Option<Heartbeat>,
    shutdown: CancellationToken,
}

/// The metrics of a [`Sender`].
#[derive(Clone, Debug)]
pub struct SenderMetrics {
    /// Attempts after the first.
    pub retries: IntCounter,
    /// Messages that wait for another attempt.
    pub unsent: IntGauge,
}

/// A message was not sent.
#[derive(Debug)]
pub enum SendError {
    /// Kafka rejects the message itself: it is too large or malformed.
    Rejected(KafkaError),
    /// The process is to stop, and Kafka has not accepted the message.
    ShuttingDown,
}

impl Sender {
    /// Creates a sender with the waits of `retry`, until `shutdown`.
    pub fn new(
        producer: Producer,
        retry: &Retry,
        readiness: KafkaReadiness,
        metrics: SenderMetrics,
        shutdown: CancellationToken,
    ) -> Self {
        Self { producer, retry: retry.clone(), readiness, metrics, heartbeat: None, shutdown }
    }

    /// Makes the heartbeat beat at each attempt, for a loop that waits for the sender.
    #[must_use]
    pub fn with_heartbeat(mut self, heartbeat: Heartbeat) -> Self {
        self.heartbeat = Some(heartbeat);
        self
    }

    /// Sends a message, and returns when it is acknowledged. Retries every error that is not about the message itself.
    pub async fn send_with_retry(&self, message: Outgoing<'_>) -> Result<(), SendError> {
        self.send_unless(message, |error| error.class() == ErrorClass::BadInput).await
    }

    /// Sends a message, and retries until it is acknowledged or fails with an error that is final.
    pub(crate) async fn send_unless(
        &self,
        message: Outgoing<'_>,
        is_final: impl Fn(&KafkaError) -> bool,
    ) -> Result<(), SendError> {
        let mut backoff = Backoff::new(&self.retry);
        let mut waiting = None;
        loop {
            let error = match self.producer.send(message).await {
                Ok(()) => {
                    if backoff.failures() > 0 {
                        info!(
                            topic = message.topic,
                            failures = backoff.failures(),
                            "message sent after retries"
                        );
                    }
                    return Ok(());
                }
                Err(error) if is_final(&error) => return Err(SendError::Rejected(error)),
                Err(error) => error_chain(&error),
            };
            self.metrics.retries.inc();
            if waiting.is_none() {
                warn!(topic = message.topic, error, "failed to send a message, retrying");
                waiting = Some(Waiting::new(self, &error));
            } else {
                debug!(
                    topic = message.topic,
                    error,
                    failures = backoff.failures(),
                    "failed to send a message again"
                );
            }
            self.heartbeat.iter().for_each(Heartbeat::beat);
            if backoff.wait(&self.shutdown).await == Waited::ShuttingDown {
                return Err(SendError::ShuttingDown);
            }
        }
    }
}

/// A message that waits for another attempt, in readiness and metrics.
struct Waiting {
    gauge: IntGauge,
    _unsent: Unsent,
}

impl Waiting {
    fn new(sender: &Sender, error: &str) -> Self {
        let gauge = sender.metrics.unsent.clone();
        gauge.inc();
        Self { gauge, _unsent: sender.readiness.unsent(error.to_owned()) }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.gauge.dec();
    }
}
