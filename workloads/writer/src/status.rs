//! Tells the payload tracker how far requests have come: as well as possible, and never at the cost of the work.

use ccx_messages::{PayloadStatus, Status};
use ccx_transport::{Outgoing, Producer};
use chrono::Utc;
use futures::{StreamExt, stream};
use tokio::{sync::mpsc, task::JoinHandle};
use tracing::{debug, warn};

use crate::{SERVICE, check::Request, metrics::Metrics};

/// Statuses that wait to be sent. Three for each message of several large batches; more come only when brokers are away.
const MAX_WAITING: usize = 8192;

/// Statuses that wait for the broker's acknowledgement.
const MAX_IN_FLIGHT: usize = 512;

/// Sends statuses in the background.
pub(crate) struct Statuses {
    queue: Option<mpsc::Sender<Message>>,
    sender: Option<JoinHandle<()>>,
    metrics: Metrics,
}

struct Message {
    request_id: String,
    json: Vec<u8>,
}

impl Statuses {
    /// Sends to `topic`; when that is empty, nobody wants to know.
    pub(crate) fn start(producer: &Producer, topic: &str, metrics: &Metrics) -> Self {
        let metrics = metrics.clone();
        if topic.is_empty() {
            return Self { queue: None, sender: None, metrics };
        }
        let (queue, messages) = mpsc::channel(MAX_WAITING);
        let sender = tokio::spawn(send_all(producer.clone(), topic.to_owned(), messages, metrics.clone()));
        Self { queue: Some(queue), sender: Some(sender), metrics }
    }

    /// The request has reached `status`; `message` is for people.
    pub(crate) fn tell(&self, request: Option<&Request>, status: Status, message: Option<&str>) {
        let (Some(queue), Some(request)) = (&self.queue, request) else { return };
        let mut payload = PayloadStatus::new(SERVICE, &request.id, status, Utc::now());
        if let Some((org_id, account)) = request.owner {
            payload = payload.with_owner(org_id, account);
        }
        if let Some(message) = message {
            payload = payload.with_message(message);
        }
        let message = Message { request_id: request.id.clone(), json: payload.to_json() };
        if queue.try_send(message).is_err() {
            self.metrics.dropped_statuses.inc();
            debug!(request_id = request.id, "too many statuses are waiting, one is dropped");
        }
    }

    /// Waits until what was told is sent.
    pub(crate) async fn close(mut self) {
        self.queue = None;
        if let Some(sender) = self.sender.take() {
            // A panic of the task has been reported by the runtime.
            let _ = sender.await;
        }
    }
}

/// Sends in order. All statuses of a request have its id as key, so that they stay in order in the topic.
async fn send_all(producer: Producer, topic: String, messages: mpsc::Receiver<Message>, metrics: Metrics) {
    let (producer, topic, metrics) = (&producer, topic.as_str(), &metrics);
    let queue = stream::unfold(messages, async |mut messages| Some((messages.recv().await?, messages)));
    let sent = queue.map(|message| send(producer, topic, message, metrics)).buffered(MAX_IN_FLIGHT);
    sent.for_each(async |()| {}).await;
}

async fn send(producer: &Producer, topic: &str, message: Message, metrics: &Metrics) {
    let key = Some(message.request_id.as_bytes());
    match producer.send(Outgoing { topic, key, headers: &[], payload: &message.json }).await {
        Ok(()) => metrics.produced_messages.inc(),
        Err(error) => {
            metrics.dropped_statuses.inc();
            warn!(
                request_id = message.request_id,
                error = ccx_service::error_chain(&error),
                "failed to send a status"
            );
        }
    }
}
