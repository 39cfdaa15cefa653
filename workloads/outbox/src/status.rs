//! Reports of progress to the payload tracker.

use ccx_messages::{AccountNumber, Identity, OrgId, PayloadStatus, Status};
use ccx_service::error_chain;
use ccx_transport::{Outgoing, Producer};
use chrono::Utc;
use futures::{StreamExt, stream};
use prometheus::IntCounter;
use tokio::sync::{mpsc, oneshot};
use tracing::{debug, warn};

/// Most statuses that wait to be sent: some for each message of several large batches. It fills up only while brokers are
/// unavailable.
const MAX_WAITING: usize = 8192;

/// Most statuses that wait for an acknowledgement.
const MAX_IN_FLIGHT: usize = 512;

/// A request whose progress is reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The id of the request.
    pub id: String,
    /// Its sender, if known.
    pub owner: Option<(OrgId, Option<AccountNumber>)>,
}

/// Reports the progress of requests in the background: best effort, since a tracker that is unavailable must not stop the
/// work.
pub struct StatusReporter {
    service: String,
    queue: Option<mpsc::Sender<Message>>,
    metrics: StatusMetrics,
}

/// The metrics of a [`StatusReporter`].
#[derive(Clone, Debug)]
pub struct StatusMetrics {
    /// Statuses that were sent.
    pub sent: IntCounter,
    /// Statuses that could not be sent.
    pub dropped: IntCounter,
}

enum Message {
    Status {
        request_id: String,
        json: Vec<u8>,
    },
    /// Answered when the messages before it are sent.
    Flush(oneshot::Sender<()>),
}

impl Request {
    /// Creates the request of a sender with a known identity.
    pub fn with_identity(id: String, identity: &Identity) -> Self {
        Self { id, owner: Some((identity.org_id, identity.account_number)) }
    }
}

impl StatusReporter {
    /// Reports to `topic` in the name of `service`; nothing is sent if `topic` is empty.
    pub fn start(service: &str, producer: &Producer, topic: &str, metrics: StatusMetrics) -> Self {
        let service = service.to_owned();
        if topic.is_empty() {
            return Self { service, queue: None, metrics };
        }
        let (queue, messages) = mpsc::channel(MAX_WAITING);
        tokio::spawn(send_all(producer.clone(), topic.to_owned(), messages, metrics.clone()));
        Self { service, queue: Some(queue), metrics }
    }

    /// Reports that the request has reached `status`; `reason` is a text for people. A request without id is not reported.
    pub fn report(&self, request: Option<&Request>, status: Status, reason: Option<&str>) {
        let (Some(queue), Some(request)) = (&self.queue, request) else { return };
        let mut payload = PayloadStatus::new(&self.service, &request.id, status, Utc::now());
        if let Some((org_id, account)) = request.owner {
            payload = payload.with_owner(org_id, account);
        }
        if let Some(reason) = reason {
            payload = payload.with_message(reason);
        }
        let message = Message::Status { request_id: request.id.clone(), json: payload.to_json() };
        if queue.try_send(message).is_err() {
            self.metrics.dropped.inc();
            debug!(request_id = request.id, ?status, "status queue full, status dropped");
        }
    }

    /// Waits until every reported status is sent or has failed.
    pub async fn flush(&self) {
        let Some(queue) = &self.queue else { return };
        let (flush, flushed) = oneshot::channel();
        if queue.send(Message::Flush(flush)).await.is_ok() {
            // Fails only if the task has panicked, which was logged when it happened.
            let _ = flushed.await;
        }
    }
}

/// Sends in order. The statuses of a request have its id as their key, so that the topic keeps their order.
async fn send_all(
    producer: Producer,
    topic: String,
    messages: mpsc::Receiver<Message>,
    metrics: StatusMetrics,
) {
    let (producer, topic, metrics) = (&producer, topic.as_str(), &metrics);
    let queue = stream::unfold(messages, async |mut messages| Some((messages.recv().await?, messages)));
    let send_or_pass = async |message| match message {
        Message::Status { request_id, json } => {
            send(producer, topic, &request_id, &json, metrics).await;
            None
        }
        Message::Flush(flush) => Some(flush),
    };
    let sent = queue.map(send_or_pass).buffered(MAX_IN_FLIGHT);
    sent.for_each(async |flush| {
        // The caller may have stopped waiting.
        flush.map(|flush| flush.send(()));
    })
    .await;
}

async fn send(producer: &Producer, topic: &str, request_id: &str, json: &[u8], metrics: &StatusMetrics) {
    let key = Some(request_id.as_bytes());
    match producer.send(Outgoing { topic, key, headers: &[], payload: json }).await {
        Ok(()) => metrics.sent.inc(),
        Err(error) => {
            metrics.dropped.inc();
            warn!(request_id, error = error_chain(&error), "failed to send a status");
        }
    }
}
