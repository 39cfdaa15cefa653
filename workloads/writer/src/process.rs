//! Processing of a batch, from bytes to rows, dead letters and statuses.

use std::{sync::Arc, time::Instant};

use ccx_messages::Status;
use ccx_outbox::{DeadLetters, SendError, StatusReporter};
use ccx_storage::ClusterResult as _;
use ccx_transport::{Position, Record};
use chrono::{DateTime, Utc};
use futures::future::try_join_all;
use tracing::{debug, error, info};

use crate::{
    allow_list::AllowList,
    check::check,
    metrics::Metrics,
    outcome::{Message, Outcome, Rejection},
    result::ParsedResult,
    sink::{Interrupted, Sink},
};

/// Most dead letters that wait for an acknowledgement.
const MAX_DEAD_LETTERS_IN_FLIGHT: usize = 64;

/// Turns records into checked messages.
pub(crate) struct Intake<'a> {
    pub(crate) allow_list: &'a Arc<AllowList>,
    pub(crate) statuses: &'a StatusReporter,
    pub(crate) metrics: &'a Metrics,
}

/// A batch whose messages are checked, and not stored yet.
pub(crate) struct CheckedBatch<R> {
    messages: Vec<Message<R>>,
    start: Instant,
    consumed_at: DateTime<Utc>,
}

impl Intake<'_> {
    /// Checks a batch, in another thread: parsing it takes milliseconds.
    pub(crate) async fn check<R: ParsedResult>(&self, records: Vec<Record>) -> CheckedBatch<R> {
        let (start, consumed_at) = (Instant::now(), Utc::now());
        self.metrics.consumed_messages.inc_by(records.len() as u64);
        self.metrics.batch_messages.observe(count(records.len()));
        let allow_list = Arc::clone(self.allow_list);
        let check_all =
            move || records.into_iter().map(|record| check(record, &allow_list, consumed_at)).collect();
        let checked = tokio::task::spawn_blocking(check_all).await;
        let messages: Vec<Message<R>> =
            checked.unwrap_or_else(|panicked| std::panic::resume_unwind(panicked.into_panic()));
        for message in &messages {
            self.statuses.report(message.request.as_ref(), Status::Received, None);
        }
        CheckedBatch { messages, start, consumed_at }
    }
}

impl<R> Default for CheckedBatch<R> {
    fn default() -> Self {
        Self { messages: Vec::new(), start: Instant::now(), consumed_at: Utc::now() }
    }
}

impl<R> CheckedBatch<R> {
    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    pub(crate) fn positions(&self) -> impl Iterator<Item = Position> {
        self.messages.iter().map(|message| message.record.position())
    }
}

/// Stores checked batches.
pub(crate) struct Processor<'a, S> {
    pub(crate) sink: S,
    pub(crate) dead_letters: Option<&'a DeadLetters>,
    pub(crate) statuses: &'a StatusReporter,
    pub(crate) metrics: &'a Metrics,
}

impl<S: Sink> Processor<'_, S> {
    /// Stores a batch. After `Ok` every message is stored or in the dead-letter queue, and its offset may be committed.
    pub(crate) async fn store(&mut self, batch: &mut CheckedBatch<S::Result>) -> Result<(), Interrupted> {
        let CheckedBatch { messages, start, consumed_at } = batch;
        let mut pending: Vec<&mut Message<S::Result>> =
            messages.iter_mut().filter(|message| message.result().is_some()).collect();
        self.observe_lag(&pending, *consumed_at);
        if !pending.is_empty() {
            self.sink.store(&mut pending).await?;
        }
        self.dead_letter(messages, *consumed_at).await?;
        for message in &*messages {
            self.report(message, *start);
        }
        debug!(messages = messages.len(), elapsed = ?start.elapsed(), "batch processed");
        Ok(())
    }

    fn observe_lag(&self, pending: &[&mut Message<S::Result>], now: DateTime<Utc>) {
        for result in pending.iter().filter_map(|message| message.result()) {
            let lag = now - result.last_checked_at();
            self.metrics.last_checked_lag_minutes.observe(lag.as_seconds_f64() / 60.0);
        }
    }

    /// Records and sends the rejected messages. The rows come first: after a crash between the two a row is not written again,
    /// while a dead letter would be sent twice.
    async fn dead_letter(
        &mut self,
        messages: &[Message<S::Result>],
        consumed_at: DateTime<Utc>,
    ) -> Result<(), Interrupted> {
        let rows: Vec<_> =
            messages.iter().filter_map(|message| message.consumer_error(consumed_at)).collect();
        if rows.is_empty() {
            return Ok(());
        }
        self.sink.record(&rows).await?;
        let rejected: Vec<_> = messages.iter().filter(|message| message.rejection().is_some()).collect();
        for some in rejected.chunks(MAX_DEAD_LETTERS_IN_FLIGHT) {
            try_join_all(some.iter().map(|message| self.send_dead_letter(message))).await?;
        }
        Ok(())
    }

    async fn send_dead_letter(&self, message: &Message<S::Result>) -> Result<(), Interrupted> {
        let Some(Rejection { class, reason }) = message.rejection() else { return Ok(()) };
        if let Some(dead_letters) = self.dead_letters {
            let sent = dead_letters.send(&message.record, *class, reason).await;
            // The queue rejects no letter for good.
            sent.map_err(|_: SendError| Interrupted::ShuttingDown)?;
            self.metrics.produced_messages.inc();
        }
        self.metrics.dead_letter(*class);
        Ok(())
    }

    /// Counts, logs and reports the outcome of a message. The texts are those that operators search logs for.
    fn report(&self, message: &Message<S::Result>, start: Instant) {
        let elapsed = start.elapsed().as_secs_f64();
        let request = message.request.as_ref();
        let request_id = request.map(|request| request.id.as_str());
        let Record { topic, partition, offset, .. } = &message.record;
        self.statuses.report(request, Status::Processed, None);
        match message.outcome() {
            Some(Outcome::Rejected(Rejection { class, reason })) => {
                error!(
                    request_id, %topic, partition, offset, %class, error = &**reason,
                    "Error processing message consumed from Kafka"
                );
                self.metrics.consuming_errors.inc();
                self.metrics.failed_processing_time.observe(elapsed);
                return self.statuses.report(request, Status::Error, Some(reason));
            }
            Some(Outcome::Stored) => {
                self.metrics.written_reports.inc();
                debug!(request_id, %topic, partition, offset, "Stored report");
            }
            Some(Outcome::Ignored) => {
                self.metrics.ignored_reports.inc();
                info!(
                    request_id, %topic, partition, offset,
                    "Skipping because a more recent report already exists for this cluster"
                );
            }
            Some(Outcome::Empty) | None => {
                self.metrics.empty_messages.inc();
                info!(
                    request_id, %topic, partition, offset,
                    "This message has an empty report and will not be processed further"
                );
            }
        }
        self.metrics.successful_processing_time.observe(elapsed);
        self.statuses.report(request, Status::Success, None);
    }
}

#[expect(clippy::cast_precision_loss, reason = "a batch has far fewer messages than 2^52")]
fn count(messages: usize) -> f64 {
    messages as f64
}
