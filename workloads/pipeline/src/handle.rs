//! One record, from its announcement to its result or to the dead letters.

use std::{any::Any, panic::AssertUnwindSafe, sync::Arc, time::Instant};

use bytes::Bytes;
use ccx_messages::{Announce, Reason, Status};
use ccx_outbox::{Request, SendError};
use ccx_transport::{Position, Record};
use futures::FutureExt as _;
use snafu::{IntoError, ResultExt};
use tracing::{Instrument as _, Span, field, info_span};

use crate::{
    copies::Copies,
    download::Downloads,
    error::{AnnounceSnafu, RecordError, SendSnafu},
    memory_budget::Reservation,
    metrics::{Metrics, observe_bytes},
    process::Processed,
    record_id::RecordId,
    sender::Sender,
    status::{request_in, request_of},
    workers::Workers,
};

/// The clients and settings by which records are handled.
pub(crate) struct Handler {
    /// Downloads archives.
    pub(crate) downloads: Downloads,
    /// Unpacks archives and runs rules.
    pub(crate) workers: Workers,
    /// Copies archives, with the roles that do.
    pub(crate) copies: Option<Copies>,
    /// Sends messages to Kafka.
    pub(crate) sender: Sender,
    /// The metrics.
    pub(crate) metrics: Arc<Metrics>,
}

/// The reason why a record has no result.
#[derive(Debug)]
pub(crate) enum HandleError {
    /// It becomes a dead letter.
    Failed(RecordError),
    /// The process shuts down: the record will be delivered again.
    ShuttingDown,
}

impl From<RecordError> for HandleError {
    fn from(error: RecordError) -> Self {
        Self::Failed(error)
    }
}

impl Handler {
    /// Handles a record until its result or its dead letter is acknowledged. Returns `None` when the process stops before.
    pub(crate) async fn handle(
        self: Arc<Self>,
        record: Record,
        reservation: Reservation,
    ) -> Option<Position> {
        let Record { topic, partition, offset, .. } = &record;
        let span = info_span!("record", %topic, partition, offset, request_id = field::Empty);
        self.finish(record, reservation).instrument(span).await
    }

    async fn finish(&self, record: Record, reservation: Reservation) -> Option<Position> {
        let processed = AssertUnwindSafe(self.process(&record, reservation)).catch_unwind().await;
        let outcome = processed
            .unwrap_or_else(|panic| Err(RecordError::Panicked { message: panic_message(&*panic) }.into()));
        match outcome {
            Ok(()) => Some(record.position()),
            Err(HandleError::Failed(error)) => self.dead_letter(&record, &error).await,
            Err(HandleError::ShuttingDown) => None,
        }
    }

    async fn process(&self, record: &Record, reservation: Reservation) -> Result<(), HandleError> {
        let unreadable = record.headers.unreadable();
        if unreadable > 0 {
            return Err(RecordError::HeaderNames { headers: unreadable }.into());
        }
        let announce = Announce::parse(&record.payload).context(AnnounceSnafu);
        let announce = Arc::new(announce.inspect_err(|_| self.metrics.dashboards.not_handled.inc())?);
        let request = request_of(&announce);
        record_request_id(request.as_ref());

        let record_id = RecordId::from(record);
        self.sender.status(request.as_ref(), Status::Received, None);
        self.sender.status(request.as_ref(), Status::Processing, None);
        self.publish_result(&announce, &record_id, reservation).await?;
        self.sender.status(request.as_ref(), Status::Success, None);
        Ok(())
    }

    async fn publish_result(
        &self,
        announce: &Arc<Announce>,
        record_id: &RecordId,
        reservation: Reservation,
    ) -> Result<(), HandleError> {
        let (upload, reservation) = self.downloads.download(&announce.url, record_id, reservation).await?;
        let keeps_upload = self.copies.as_ref().is_some_and(Copies::keep_uploads);
        let kept = if keeps_upload { upload.clone() } else { Bytes::new() };
        let (processed, _reservation) =
            self.run_rules(upload, announce, kept.len() as u64, reservation).await?;
        self.publish(&processed, kept, announce).await?;
        log_success(announce, &processed);
        Ok(())
    }

    async fn run_rules(
        &self,
        upload: Bytes,
        announce: &Arc<Announce>,
        kept_bytes: u64,
        reservation: Reservation,
    ) -> Result<(Processed, Reservation), RecordError> {
        let started = Instant::now();
        let upload_bytes = upload.len();
        let (processed, reservation) =
            self.workers.process(upload, announce, kept_bytes, reservation).await?;
        let (kind, dashboards) = (processed.kind, &self.metrics.dashboards);
        dashboards.process_seconds.for_kind(kind).observe(started.elapsed().as_secs_f64());
        observe_bytes(dashboards.archive_size.for_kind(kind), upload_bytes);
        dashboards.extracted.for_kind(kind).inc();
        dashboards.processed.for_kind(kind).inc();
        self.metrics.count_rules(kind, &processed.report);
        if let Some(configuration) = &processed.remote_configuration {
            self.metrics.count_configuration(configuration);
        }
        for fault in &processed.report.faults {
            tracing::error!(cluster_id = %processed.cluster_id, rule = %fault.rule, reason = %fault.reason, "rule failed");
        }
        Ok((processed, reservation))
    }

    /// Stores the copy of the archive first: its message says that it is there.
    async fn publish(
        &self,
        processed: &Processed,
        upload: Bytes,
        announce: &Announce,
    ) -> Result<(), HandleError> {
        let started = Instant::now();
        let copied = match &self.copies {
            Some(copies) => copies.store(upload, processed, announce).await?.message,
            None => None,
        };
        match self.sender.results(processed, copied.as_deref(), announce.request_id.as_deref()).await {
            Ok(()) => {}
            Err(SendError::Rejected(error)) => return Err(SendSnafu.into_error(error).into()),
            Err(SendError::ShuttingDown) => return Err(HandleError::ShuttingDown),
        }
        self.metrics
            .dashboards
            .publish_seconds
            .for_kind(processed.kind)
            .observe(started.elapsed().as_secs_f64());
        self.metrics.dashboards.published.for_kind(processed.kind).inc();
        Ok(())
    }

    /// Sends the record to the dead letters, and reports the status `error`.
    async fn dead_letter(&self, record: &Record, error: &RecordError) -> Option<Position> {
        let request = request_in(&record.payload);
        record_request_id(request.as_ref());
        let (class, reason) = (error.class(), Reason::from_error(error));
        tracing::warn!(%class, error = &*reason, "dead letter");
        self.sender.dead_letter(record, class, &reason).await.ok()?;
        self.metrics.dashboards.failures.for_unknown().inc();
        self.metrics.dead_letters.for_class(class).inc();
        self.sender.status(request.as_ref(), Status::Error, Some(&reason));
        Some(record.position())
    }
}

/// From here on, every event of the record has its request.
fn record_request_id(request: Option<&Request>) {
    if let Some(request) = request {
        Span::current().record("request_id", request.id.as_str());
    }
}

fn log_success(announce: &Announce, processed: &Processed) {
    tracing::info!(
        cluster_id = %processed.cluster_id,
        org_id = %announce.identity.org_id,
        archive = processed.kind.label(),
        hits = processed.report.hits.len(),
        "archive processed",
    );
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("(no message)").to_owned()
}
