//! Everything that goes out to Kafka: results, dead letters, progress.

use ccx_config::{Config, Retry, Topics};
use ccx_messages::{DeadLetter, ErrorClass, Status, header};
use ccx_service::{Backoff, Waited, error_chain};
use ccx_transport::{KafkaError, Outgoing, Producer, Record, dead_letter};
use prometheus::IntCounter;
use tokio_util::sync::CancellationToken;

use crate::{
    process::Processed,
    status::{Request, SERVICE},
};

/// Sends, and waits for Kafka as long as it takes.
pub(crate) struct Sender {
    producer: Producer,
    topics: Topics,
    retry: Retry,
    retries: IntCounter,
    shutdown: CancellationToken,
}

/// Why a message was not sent.
#[derive(Debug)]
pub(crate) enum NotSent {
    /// Kafka does not want it, now or ever; for example, it is too large.
    Refused(KafkaError),
    /// Kafka is away and the process is to stop.
    ShuttingDown,
}

impl Sender {
    /// Sends to the topics of `config`; attempts after the first are counted in `retries`.
    pub(crate) fn new(
        producer: Producer,
        config: &Config,
        retries: IntCounter,
        shutdown: CancellationToken,
    ) -> Self {
        Self { producer, topics: config.kafka.topics.clone(), retry: config.retry.clone(), retries, shutdown }
    }

    /// Sends what has become of an archive, keyed by its cluster: a result, and the message about workloads if there is one.
    pub(crate) async fn results(
        &self,
        processed: &Processed,
        request_id: Option<&str>,
    ) -> Result<(), NotSent> {
        let key = processed.cluster_id.to_string();
        let headers: Vec<_> = request_id.map(|id| (header::REQUEST_ID, id.as_bytes())).into_iter().collect();
        let send = async |topic: &str, payload: &[u8]| {
            let message = Outgoing { topic, key: Some(key.as_bytes()), headers: &headers, payload };
            self.insist(|| self.producer.send(message)).await
        };
        let workloads = async {
            match &processed.workloads_message {
                Some(message) => send(&self.topics.workloads, message).await,
                None => Ok(()),
            }
        };
        tokio::try_join!(send(&self.topics.results, &processed.message), workloads)?;
        Ok(())
    }

    /// Sends a record to the dead letters.
    ///
    /// A record that is too large with the letter's headers goes without its payload: the headers say where the original is.
    pub(crate) async fn dead_letter(&self, record: &Record, letter: &DeadLetter) -> Result<(), NotSent> {
        let topic = &self.topics.announce_dead_letters;
        let sent = self.insist(|| dead_letter(&self.producer, topic, record, letter)).await;
        let Err(NotSent::Refused(error)) = sent else { return sent };
        tracing::error!(
            error = error_chain(&error),
            topic,
            "dead letter refused: sending it without its payload"
        );
        let without_payload = Record { payload: bytes::Bytes::new(), ..record.clone() };
        self.insist(|| dead_letter(&self.producer, topic, &without_payload, letter)).await
    }

    /// Tells the payload tracker. The one thing that is not insisted on: progress is for people, and a tracker's topic that
    /// doesn't exist must not stop the results.
    pub(crate) async fn status(&self, request: Option<&Request>, status: Status, reason: Option<&str>) {
        let topic = &self.topics.payload_status;
        let Some(request) = request.filter(|_| !topic.is_empty()) else { return };
        let payload = request.status(status, reason);
        let message = Outgoing { topic, key: Some(request.id.as_bytes()), headers: &[], payload: &payload };
        if let Err(error) = self.producer.send(message).await {
            let (request_id, error) = (&request.id, error_chain(&error));
            tracing::warn!(request_id, ?status, service = SERVICE, error, "failed to report progress");
        }
    }

    /// Tries until Kafka takes or refuses the message.
    async fn insist<F>(&self, attempt: impl Fn() -> F) -> Result<(), NotSent>
    where
        F: Future<Output = Result<(), KafkaError>>,
    {
        let mut backoff = Backoff::new(&self.retry);
        loop {
            let error = match attempt().await {
                Ok(()) => return Ok(()),
                Err(error) if error.class() == ErrorClass::Transient => error,
                Err(error) => return Err(NotSent::Refused(error)),
            };
            self.retries.inc();
            tracing::warn!(
                error = error_chain(&error),
                attempts = backoff.failures() + 1,
                "failed to send: trying again"
            );
            if backoff.wait(&self.shutdown).await == Waited::ShuttingDown {
                return Err(NotSent::ShuttingDown);
            }
        }
    }
}
