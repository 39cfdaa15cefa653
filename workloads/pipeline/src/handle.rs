//! One record, from its announcement to its result or to the dead letters.

use std::{any::Any, panic::AssertUnwindSafe, sync::Arc, time::Instant};

use bytes::Bytes;
use ccx_messages::{Announce, DeadLetter, Reason, Status};
use ccx_transport::{Position, Record};
use futures::FutureExt as _;
use snafu::{IntoError, ResultExt};
use tracing::{Instrument as _, Span, field, info_span};

use crate::{
    download::Downloads,
    error::{AnnounceSnafu, RecordError, SendSnafu},
    flight::Passage,
    metrics::{Metrics, observe_bytes},
    outage::Link,
    process::Processed,
    sender::{NotSent, Sender},
    status::{Request, SERVICE},
    workers::Workers,
};

/// Everything that a record needs on its way.
pub(crate) struct Handler {
    /// Where archives come from.
    pub(crate) downloads: Downloads,
    /// Who works on them.
    pub(crate) workers: Workers,
    /// Where everything goes.
    pub(crate) sender: Sender,
    /// What is counted.
    pub(crate) metrics: Arc<Metrics>,
}

/// Why a record has no result.
#[derive(Debug)]
pub(crate) enum Stop {
    /// It is a dead letter.
    Failed(RecordError),
    /// The process is to stop: nothing has been decided, the record will be delivered again.
    ShuttingDown,
}

impl From<RecordError> for Stop {
    fn from(error: RecordError) -> Self {
        Self::Failed(error)
    }
}

impl Handler {
    /// Works on a record until its effects are durable: the result is acknowledged, or the dead letter. `None` when the process
    /// stops before.
    pub(crate) async fn handle(self: Arc<Self>, record: Record, passage: Passage) -> Option<Position> {
        let Record { topic, partition, offset, .. } = &record;
        let span = info_span!("record", %topic, partition, offset, request_id = field::Empty);
        self.settle(record, passage).instrument(span).await
    }

    async fn settle(&self, record: Record, passage: Passage) -> Option<Position> {
        let worked = AssertUnwindSafe(self.work(&record, passage)).catch_unwind().await;
        let outcome = worked
            .unwrap_or_else(|panic| Err(RecordError::Panicked { message: panic_message(&*panic) }.into()));
        match outcome {
            Ok(()) => Some(record.position()),
            Err(Stop::Failed(error)) => self.bury(&record, &error).await,
            Err(Stop::ShuttingDown) => None,
        }
    }

    async fn work(&self, record: &Record, passage: Passage) -> Result<(), Stop> {
        let announce = Announce::parse(&record.payload).context(AnnounceSnafu);
        let announce = Arc::new(announce.inspect_err(|_| self.metrics.dashboards.not_handled.inc())?);
        let request = Request::of(&announce);
        record_request_id(request.as_ref());

        let link = (record.partition, record.offset);
        // Progress is reported beside the work, which need not wait for acknowledgements.
        let (worked, ()) =
            tokio::join!(self.result(&announce, link, passage), self.report_start(request.as_ref()));
        worked?;
        self.sender.status(request.as_ref(), Status::Success, None).await;
        Ok(())
    }

    async fn result(&self, announce: &Arc<Announce>, link: Link, passage: Passage) -> Result<(), Stop> {
        let (archive, mut passage) = self.downloads.download(&announce.url, link, passage).await?;
        let processed = self.process(archive, announce, &mut passage).await?;
        self.publish(&processed, announce).await?;
        log_success(announce, &processed);
        Ok(())
    }

    async fn report_start(&self, request: Option<&Request>) {
        // Both are queued before the first is acknowledged: one round trip instead of two.
        tokio::join!(
            self.sender.status(request, Status::Received, None),
            self.sender.status(request, Status::Processing, None),
        );
    }

    async fn process(
        &self,
        archive: Bytes,
        announce: &Arc<Announce>,
        passage: &mut Passage,
    ) -> Result<Processed, RecordError> {
        let started = Instant::now();
        let archive_bytes = archive.len();
        let processed = self.workers.process(archive, announce, passage).await?;
        let (kind, dashboards) = (processed.kind, &self.metrics.dashboards);
        dashboards.process_seconds.of(kind).observe(started.elapsed().as_secs_f64());
        observe_bytes(dashboards.archive_size.of(kind), archive_bytes);
        dashboards.extracted.of(kind).inc();
        dashboards.processed.of(kind).inc();
        self.metrics.count_rules(kind, &processed.report);
        if let Some(configuration) = &processed.remote_configuration {
            self.metrics.count_configuration(configuration);
        }
        for fault in &processed.report.faults {
            tracing::error!(cluster_id = %processed.cluster_id, rule = %fault.rule, reason = %fault.reason, "rule failed");
        }
        Ok(processed)
    }

    async fn publish(&self, processed: &Processed, announce: &Announce) -> Result<(), Stop> {
        let started = Instant::now();
        match self.sender.results(processed, announce.request_id.as_deref()).await {
            Ok(()) => {}
            Err(NotSent::Refused(error)) => return Err(SendSnafu.into_error(error).into()),
            Err(NotSent::ShuttingDown) => return Err(Stop::ShuttingDown),
        }
        self.metrics.dashboards.publish_seconds.of(processed.kind).observe(started.elapsed().as_secs_f64());
        self.metrics.dashboards.published.of(processed.kind).inc();
        Ok(())
    }

    /// Sends the record to the dead letters, and tells whoever waits for its result.
    async fn bury(&self, record: &Record, error: &RecordError) -> Option<Position> {
        let request = Request::of_payload(&record.payload);
        record_request_id(request.as_ref());
        let (class, reason) = (error.class(), Reason::from_error(error));
        let Record { topic, partition, offset, .. } = record;
        tracing::warn!(%class, error = &*reason, "dead letter");
        let letter = DeadLetter {
            error: reason.clone(),
            class,
            topic: topic.to_string(),
            partition: *partition,
            offset: *offset,
            timestamp_ms: record.timestamp_ms,
            failed_by: SERVICE.into(),
        };
        self.sender.dead_letter(record, &letter).await.ok()?;
        self.metrics.dashboards.failures.of_unknown().inc();
        self.metrics.dead_letters.of(class).inc();
        self.sender.status(request.as_ref(), Status::Error, Some(&reason)).await;
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
