//! Messages that the pipeline sends to Kafka: results, dead letters, statuses.

use std::sync::Arc;

use ccx_config::Topics;
use ccx_messages::{ErrorClass, Reason, Status, header};
use ccx_outbox::{DeadLetters, Request, SendError, StatusReporter};
use ccx_transport::{Outgoing, Record};

use crate::process::Processed;

/// Sends results and dead letters, with retries, and reports statuses.
pub(crate) struct Sender {
    pub(crate) results: ccx_outbox::Sender,
    pub(crate) dead_letters: DeadLetters,
    pub(crate) statuses: Arc<StatusReporter>,
    pub(crate) topics: Topics,
    /// The topic of replayed announcements.
    pub(crate) retry_topic: String,
}

impl Sender {
    /// Sends the messages of an archive, keyed by its cluster, and the one about its copy.
    pub(crate) async fn results(
        &self,
        processed: &Processed,
        copied: Option<&[u8]>,
        request_id: Option<&str>,
    ) -> Result<(), SendError> {
        let key = processed.cluster_id.to_string();
        let request = request_id.map(|id| (header::REQUEST_ID, id.as_bytes()));
        let authenticated =
            (!processed.is_authenticated).then_some((header::CLUSTER_AUTHENTICATED, b"false".as_slice()));
        let headers: Vec<_> = request.into_iter().chain(authenticated).collect();
        let send = async |topic: &str, payload: &[u8]| {
            let message = Outgoing { topic, key: Some(key.as_bytes()), headers: &headers, payload };
            self.results.send_with_retry(message).await
        };
        let send_any = async |topic: &str, message: Option<&[u8]>| match message {
            Some(message) => send(topic, message).await,
            None => Ok(()),
        };
        tokio::try_join!(
            send_any(&self.topics.results, processed.message.as_deref()),
            send_any(&self.topics.workloads, processed.workloads_message.as_deref()),
            send_any(&self.topics.images, processed.images_message.as_deref()),
            send_any(&self.topics.archives, copied),
        )?;
        Ok(())
    }

    /// Sends a record to the dead-letter queue.
    pub(crate) async fn dead_letter(
        &self,
        record: &Record,
        class: ErrorClass,
        reason: &Reason,
    ) -> Result<(), SendError> {
        self.dead_letters.send(record, class, reason).await
    }

    /// Reports the progress of a request to the payload tracker.
    pub(crate) fn status(&self, request: Option<&Request>, status: Status, reason: Option<&str>) {
        self.statuses.report(request, status, reason);
    }
}
