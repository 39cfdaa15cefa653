//! One batch from bytes to rows, dead letters and statuses.

use std::{sync::Arc, time::Instant};

use ccx_messages::Status;
use ccx_storage::NewReport;
use ccx_transport::Record;
use chrono::{DateTime, Utc};
use futures::future::try_join_all;
use tracing::{debug, warn};

use crate::{
    allow_list::AllowList,
    check::{Refused, Request, Verdict, check},
    dead_letters::{DeadLetters, consumer_error},
    metrics::Metrics,
    status::Statuses,
    store::{Fate, Interrupted, Store},
};

/// Dead letters that wait for the broker's acknowledgement.
const MAX_DEAD_LETTERS_IN_FLIGHT: usize = 64;

/// What a batch goes through.
pub(crate) struct Processor<'a> {
    pub(crate) store: Store,
    pub(crate) allow_list: Arc<AllowList>,
    pub(crate) dead_letters: &'a DeadLetters,
    pub(crate) statuses: &'a Statuses,
    pub(crate) metrics: &'a Metrics,
}

/// A message of the batch, without its report.
struct Message {
    record: Record,
    request: Option<Request>,
    end: End,
}

/// What became of a message, as far as it is known.
enum End {
    /// Its report waits to be stored: the next one of the batch's reports.
    Waiting {
        last_checked_at: DateTime<Utc>,
    },
    Written {
        last_checked_at: DateTime<Utc>,
    },
    Ignored,
    Empty,
    Refused(Refused),
}

impl Processor<'_> {
    /// When this returns `Ok`, the batch is in the tables or in the dead letter queue, and nothing of it is needed any more.
    pub(crate) async fn process(&mut self, records: Vec<Record>) -> Result<(), Interrupted> {
        let (start, consumed_at) = (Instant::now(), Utc::now());
        self.metrics.consumed_messages.inc_by(records.len() as u64);
        self.metrics.batch_messages.observe(count(records.len()));
        let (mut messages, reports) = self.check_all(records, consumed_at).await;
        for message in &messages {
            self.statuses.tell(message.request.as_ref(), Status::Received, None);
        }
        let fates = if reports.is_empty() { Vec::new() } else { self.store.store(&reports).await? };
        settle(&mut messages, fates);
        self.give_up(&messages, consumed_at).await?;
        for message in &messages {
            self.finish(message, start);
        }
        debug!(messages = messages.len(), reports = reports.len(), elapsed = ?start.elapsed(), "a batch is done");
        Ok(())
    }

    /// Parsing a batch takes milliseconds, so another thread does it.
    async fn check_all(&self, records: Vec<Record>, now: DateTime<Utc>) -> (Vec<Message>, Vec<NewReport>) {
        let allow_list = Arc::clone(&self.allow_list);
        let checked = tokio::task::spawn_blocking(move || check_batch(records, &allow_list, now)).await;
        checked.unwrap_or_else(|panicked| std::panic::resume_unwind(panicked.into_panic()))
    }

    /// Records and sends what is refused. The row comes first: after a crash between the two, it is there already, while a second
    /// dead letter would be one too many.
    async fn give_up(&mut self, messages: &[Message], consumed_at: DateTime<Utc>) -> Result<(), Interrupted> {
        let refused: Vec<(&Record, &Refused)> = messages.iter().filter_map(Message::as_refused).collect();
        if refused.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> =
            refused.iter().map(|(record, refused)| consumer_error(record, refused, consumed_at)).collect();
        self.store.record(&rows).await?;
        for some in refused.chunks(MAX_DEAD_LETTERS_IN_FLIGHT) {
            try_join_all(some.iter().map(|(record, refused)| self.dead_letters.send(record, refused)))
                .await?;
        }
        Ok(())
    }

    /// Counts, logs and tells.
    fn finish(&self, Message { record, request, end }: &Message, start: Instant) {
        let elapsed = start.elapsed().as_secs_f64();
        let request_id = request.as_ref().map(|request| request.id.as_str());
        let (partition, offset) = (record.partition, record.offset);
        if let End::Refused(Refused { class, reason }) = end {
            warn!(request_id, topic = %record.topic, partition, offset, %class, reason = &**reason, "a message is given up");
            self.metrics.consuming_errors.inc();
            self.metrics.failed_processing_time.observe(elapsed);
            self.statuses.tell(request.as_ref(), Status::Error, Some(reason));
            return;
        }
        match end {
            End::Written { last_checked_at } => {
                self.metrics.written_reports.inc();
                let lag = Utc::now() - *last_checked_at;
                self.metrics.last_checked_lag_minutes.observe(lag.as_seconds_f64() / 60.0);
                debug!(request_id, partition, offset, "a report is stored");
            }
            End::Ignored => {
                self.metrics.ignored_reports.inc();
                debug!(request_id, partition, offset, "a report is not newer than what is stored");
            }
            _ => {
                self.metrics.empty_messages.inc();
                debug!(request_id, partition, offset, "a report says nothing");
            }
        }
        self.metrics.successful_processing_time.observe(elapsed);
        self.statuses.tell(request.as_ref(), Status::Processed, None);
        self.statuses.tell(request.as_ref(), Status::Success, None);
    }
}

impl Message {
    fn as_refused(&self) -> Option<(&Record, &Refused)> {
        match &self.end {
            End::Refused(refused) => Some((&self.record, refused)),
            _ => None,
        }
    }
}

fn check_batch(
    records: Vec<Record>,
    allow_list: &AllowList,
    now: DateTime<Utc>,
) -> (Vec<Message>, Vec<NewReport>) {
    let mut messages = Vec::with_capacity(records.len());
    let mut reports = Vec::with_capacity(records.len());
    for record in records {
        let checked = check(&record.payload, allow_list, now);
        let end = match checked.verdict {
            Verdict::Store(report) => {
                let last_checked_at = report.last_checked_at;
                reports.push(report);
                End::Waiting { last_checked_at }
            }
            Verdict::Empty => End::Empty,
            Verdict::Refuse(refused) => End::Refused(refused),
        };
        messages.push(Message { record, request: checked.request, end });
    }
    (messages, reports)
}

/// Gives each waiting message the fate of its report; both are in the same order.
fn settle(messages: &mut [Message], fates: Vec<Fate>) {
    let mut fates = fates.into_iter();
    for message in messages {
        let End::Waiting { last_checked_at } = message.end else { continue };
        message.end = match fates.next().expect("each stored report has a fate") {
            Fate::Written => End::Written { last_checked_at },
            Fate::Ignored => End::Ignored,
            Fate::Refused(refused) => End::Refused(refused),
        };
    }
}

#[expect(clippy::cast_precision_loss, reason = "a batch has far fewer messages than 2^52")]
fn count(messages: usize) -> f64 {
    messages as f64
}
