//! The loop: takes records while there is room for them, and commits their offsets when they are finished.

use std::{sync::Arc, time::Duration};

use ccx_outbox::KafkaReadiness;
use ccx_service::{Heartbeat, error_chain};
use ccx_transport::{Consumer, KafkaError, Position, Record};
use chrono::Utc;
use tokio::{
    task::{JoinError, JoinSet},
    time::{Instant, Interval},
};
use tokio_util::sync::CancellationToken;

use crate::{
    filter::{Filter, SERVICE_HEADER, age},
    handle::Handler,
    memory_budget::{MemoryBudget, Reservation},
    metrics::Metrics,
    object_storage_health::{Availability, MANY_RECORDS, ObjectStorageHealth},
    record_id::RecordId,
};

/// The most records in progress. Those with an archive are bounded by bytes; the others wait for a retry or for Kafka and take a
/// few kilobytes each. It also bounds the work that is repeated after a crash.
const MAX_RECORDS: usize = 256;

/// The most records in progress while the object storage is unavailable: more than [`MANY_RECORDS`], so that the end of an outage
/// is noticed although some links are broken for good.
const MAX_RECORDS_WHILE_UNAVAILABLE: usize = 4 * MANY_RECORDS;

/// The interval at which gauges, readiness and the heartbeat are updated.
pub(crate) const TICK: Duration = Duration::from_secs(1);

/// The state of the loop.
pub(crate) struct RecordLoop {
    pub(crate) consumer: Consumer,
    /// Announcements that were dead letters, see `ccx dlq replay`.
    pub(crate) retries: Consumer,
    pub(crate) filter: Filter,
    pub(crate) memory: Arc<MemoryBudget>,
    pub(crate) storage: Arc<ObjectStorageHealth>,
    pub(crate) kafka_readiness: KafkaReadiness,
    pub(crate) heartbeat: Heartbeat,
    pub(crate) kafka_heartbeat: Heartbeat,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) handler: Arc<Handler>,
    pub(crate) progress: Progress,
}

/// The records that were taken and are not finished.
#[derive(Default)]
pub(crate) struct Progress {
    in_flight: JoinSet<Option<RecordId>>,
    /// A record that waits for memory for its archive.
    waiting: Option<Record>,
    is_paused: bool,
}

impl RecordLoop {
    /// Runs until `shutdown`, then finishes the records in progress, at most for `shutdown_timeout`.
    pub(crate) async fn run(
        mut self,
        shutdown_timeout: Duration,
        shutdown: &CancellationToken,
    ) -> Result<(), KafkaError> {
        let mut ticks = tokio::time::interval(TICK);
        tracing::info!("pipeline started");
        while !shutdown.is_cancelled() {
            self.step(&mut ticks, shutdown).await?;
        }
        self.drain(shutdown_timeout, &mut ticks).await?;
        let (closed, retries_closed) = tokio::join!(self.consumer.close(), self.retries.close());
        if let Err(error) = closed.and(retries_closed) {
            tracing::warn!(error = error_chain(&error), "failed to leave the consumer group");
        }
        Ok(())
    }

    /// Waits for the first event and handles it.
    async fn step(&mut self, ticks: &mut Interval, shutdown: &CancellationToken) -> Result<(), KafkaError> {
        let may_take = self.progress.waiting.is_none() && self.progress.in_flight.len() < self.max_records();
        self.set_flow(may_take);
        let bytes = self.handler.downloads.usual_bytes();
        tokio::select! {
            () = shutdown.cancelled() => {}
            _ = ticks.tick() => self.tick()?,
            Some(done) = self.progress.in_flight.join_next() => self.finish(done),
            reservation = self.memory.admit(bytes), if self.progress.waiting.is_some() => self.start_waiting(reservation),
            record = self.consumer.next(), if may_take => self.take(record?),
            record = self.retries.next(), if may_take => self.take(record?),
        }
        Ok(())
    }

    fn max_records(&self) -> usize {
        match self.storage.availability() {
            Availability::Available => MAX_RECORDS,
            Availability::Unreachable | Availability::Failing => MAX_RECORDS_WHILE_UNAVAILABLE,
        }
    }

    /// Pauses consumption while no record can be taken.
    fn set_flow(&mut self, may_take: bool) {
        match (may_take, self.progress.is_paused) {
            (false, false) => [&self.consumer, &self.retries].into_iter().for_each(Consumer::pause),
            (true, true) => [&self.consumer, &self.retries].into_iter().for_each(Consumer::resume),
            _ => return,
        }
        self.progress.is_paused = !may_take;
    }

    fn take(&mut self, record: Record) {
        let now = Utc::now();
        let sent_at_ms = record.timestamp_ms;
        self.metrics.record_age_seconds.set(sent_at_ms.map_or(0.0, |sent| age(sent, now).as_secs_f64()));
        if let Err(rejection) = self.filter.check(record.headers.get(SERVICE_HEADER), sent_at_ms, now) {
            self.metrics.count_filtered(rejection);
            tracing::debug!(
                partition = record.partition,
                offset = record.offset,
                ?rejection,
                "record filtered"
            );
            self.finished(RecordId::from(&record));
            return;
        }
        self.metrics.dashboards.received.inc();
        match self.memory.try_admit(self.handler.downloads.usual_bytes()) {
            Some(reservation) => self.start(record, reservation),
            None => self.progress.waiting = Some(record),
        }
    }

    fn start_waiting(&mut self, reservation: Reservation) {
        if let Some(record) = self.progress.waiting.take() {
            self.start(record, reservation);
        }
    }

    fn start(&mut self, record: Record, reservation: Reservation) {
        let id = RecordId::from(&record);
        let handled = Arc::clone(&self.handler).handle(record, reservation);
        self.progress.in_flight.spawn(async move { handled.await.map(|_: Position| id) });
    }

    fn finished(&self, RecordId { topic, position }: RecordId) {
        let is_retry = *topic == *self.handler.sender.retry_topic;
        let consumer = if is_retry { &self.retries } else { &self.consumer };
        consumer.finished(position);
    }

    fn finish(&mut self, done: Result<Option<RecordId>, JoinError>) {
        match done {
            Ok(Some(id)) => self.finished(id),
            Ok(None) => {}
            // The handler turns panics of its work into dead letters, so this is one of the handler itself.
            Err(error) => {
                tracing::error!(%error, "record task failed, the record will be delivered again after a restart");
            }
        }
    }

    /// Updates gauges and health. Fails if a consumer has ended.
    fn tick(&self) -> Result<(), KafkaError> {
        self.consumer.check()?;
        self.retries.check()?;
        self.heartbeat.beat();
        self.kafka_heartbeat.beat_at(self.consumer.last_beat());
        self.kafka_readiness.update();
        self.metrics.bytes_in_flight.set(i64::try_from(self.memory.bytes()).unwrap_or(i64::MAX));
        self.metrics.records_in_flight.set(i64::try_from(self.progress.in_flight.len()).unwrap_or(i64::MAX));
        if let Some(lag) = self.consumer.lag() {
            self.metrics.lag.set(lag);
        }
        let failures = self.consumer.take_commit_failures() + self.retries.take_commit_failures();
        self.metrics.commit_failures.inc_by(failures);
        Ok(())
    }

    /// Finishes the records in progress; takes no new ones.
    async fn drain(&mut self, timeout: Duration, ticks: &mut Interval) -> Result<(), KafkaError> {
        self.set_flow(false);
        let deadline = Instant::now() + timeout;
        while !self.progress.in_flight.is_empty() {
            tokio::select! {
                Some(done) = self.progress.in_flight.join_next() => self.finish(done),
                _ = ticks.tick() => self.tick()?,
                () = tokio::time::sleep_until(deadline) => {
                    let records = self.progress.in_flight.len();
                    tracing::warn!(records, "shutdown timeout, records will be delivered again");
                    self.progress.in_flight.abort_all();
                    break;
                }
            }
        }
        Ok(())
    }
}
