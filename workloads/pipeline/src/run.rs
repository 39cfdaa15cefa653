//! The loop: takes records while there is room for them, and commits their offsets when they are finished.

use std::{sync::Arc, time::Duration};

use axum::{Json, Router, routing::get};
use ccx_archive::Limits;
use ccx_config::Config;
use ccx_insights_core::Adapter;
use ccx_outbox::{DeadLetters, KafkaReadiness, SenderMetrics, StatusMetrics, StatusReporter};
use ccx_rules::UnknownCheck;
use ccx_service::{Dependency, Health, Heartbeat, error_chain};
use ccx_transport::{Consumer, KafkaError, Position, Producer, Record};
use chrono::Utc;
use prometheus::Registry;
use snafu::ResultExt;
use tokio::{
    net::TcpListener,
    task::{JoinError, JoinHandle, JoinSet},
    time::{Instant, Interval},
};
use tokio_util::sync::CancellationToken;

use crate::{
    download::{Downloads, downloader},
    engines::{Python, RuleEngines},
    error::{
        ConsumerSnafu, InsightsCoreSnafu, KafkaSnafu, MemorySnafu, MetricsSnafu, PipelineError, ServeSnafu,
        WorkloadChecksSnafu,
    },
    filter::{Filter, SERVICE_HEADER, age},
    handle::Handler,
    memory_budget::{MemoryBudget, Reservation},
    memory_limit,
    metrics::Metrics,
    object_storage_health::{Availability, MANY_RECORDS, ObjectStorageHealth},
    rules::{Rules, SharedStatus},
    sender::Sender,
    status::SERVICE,
    workers::{Work, Workers},
    workloads::Workloads,
};

/// The most records in progress. Those with an archive are bounded by bytes; the others wait for a retry or for Kafka and take a
/// few kilobytes each. It also bounds the work that is repeated after a crash.
const MAX_RECORDS: usize = 256;

/// The most records in progress while the object storage is unavailable: more than [`MANY_RECORDS`], so that the end of an outage
/// is noticed although some links are broken for good.
const MAX_RECORDS_WHILE_UNAVAILABLE: usize = 4 * MANY_RECORDS;

/// The interval at which gauges, readiness and the heartbeat are updated.
const TICK: Duration = Duration::from_secs(1);

/// The time without a heartbeat after which the loop counts as hanging.
const MAX_SILENCE: Duration = Duration::from_secs(30);

/// The time without a heartbeat after which the thread of the consumer counts as hanging. It waits for brokers at most for
/// about a minute.
const MAX_KAFKA_SILENCE: Duration = Duration::from_mins(5);

/// The time for the last messages of the producer at the end.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);

/// Runs the pipeline until `shutdown`, then finishes the records in progress, at most for `pipeline.shutdown_timeout`.
pub async fn run(config: &Config, shutdown: CancellationToken) -> Result<(), PipelineError> {
    let listener = ccx_service::bind(config.pipeline.listen).context(ServeSnafu)?;
    run_on(listener, config, Rules::from_config(config), shutdown).await
}

/// [`run`] with a given listener for metrics and health, and with given rules.
pub async fn run_on(
    listener: TcpListener,
    config: &Config,
    rules: Rules,
    shutdown: CancellationToken,
) -> Result<(), PipelineError> {
    memory_limit::check(config).context(MemorySnafu)?;
    let registry = Registry::new();
    let health = Health::new();
    let metrics = Arc::new(Metrics::new(&registry).context(MetricsSnafu)?);
    let condition = health.condition(Dependency::OBJECT_STORAGE);
    let downloader = downloader(config).await?;
    let storage =
        ObjectStorageHealth::new(downloader.clone(), condition, metrics.storage_unavailable.clone());
    let storage = Arc::new(storage);
    let rule_watch = match rules.watch {
        Some(watch) => Some(watch.poll(metrics.rule_set.clone()).await),
        None => None,
    };
    let engines = RuleEngines::new(rules.engine, python(config, &registry).await?);
    let rule_set_metrics = metrics.rule_set.clone();
    let memory =
        MemoryBudget::new(config.pipeline.max_bytes_in_flight.as_u64(), config.pipeline.max_downloads);

    let producer = Producer::new(&config.kafka).context(KafkaSnafu { client: "producer" })?;
    let kafka_readiness = KafkaReadiness::new(health.condition(Dependency::KAFKA), &producer);
    let topic = &config.kafka.topics.payload_status;
    let status_metrics =
        StatusMetrics { sent: metrics.sent_statuses.clone(), dropped: metrics.dropped_statuses.clone() };
    let statuses = Arc::new(StatusReporter::start(SERVICE, &producer, topic, status_metrics));
    let handler = Handler {
        downloads: Downloads::new(
            config,
            &downloader,
            Arc::clone(&memory),
            Arc::clone(&storage),
            Arc::clone(&metrics),
            shutdown.clone(),
        ),
        workers: Workers::new(config.pipeline.workers, work(config, engines).context(WorkloadChecksSnafu)?),
        sender: sender(config, &statuses, &producer, &kafka_readiness, &metrics, &shutdown),
        metrics: Arc::clone(&metrics),
    };
    let (group, topic) = (&config.pipeline.group, &config.kafka.topics.announce);
    let consumer =
        Consumer::subscribe(&config.kafka, group, topic).context(KafkaSnafu { client: "consumer" })?;
    let retries = Consumer::subscribe_if_exists(
        &config.kafka,
        &format!("{group}.retry"),
        &config.kafka.topics.announce_retry(),
    );
    let retries = retries.context(KafkaSnafu { client: "consumer of retries" })?;
    kafka_readiness.follow(Some(&consumer));

    let pipeline = Pipeline {
        kafka_readiness,
        heartbeat: health.heartbeat("consumer", MAX_SILENCE),
        kafka_heartbeat: health.heartbeat("kafka consumer", MAX_KAFKA_SILENCE),
        filter: Filter::new(&config.pipeline.service, config.pipeline.max_record_age),
        consumer,
        retries,
        memory,
        storage: Arc::clone(&storage),
        metrics,
        handler: Arc::new(handler),
        in_flight: JoinSet::new(),
        waiting: None,
        is_paused: false,
    };
    let server_shutdown = CancellationToken::new();
    let routes = ccx_service::routes(health, registry).merge(rule_routes(rules.status));
    let server = tokio::spawn(ccx_service::serve(listener, routes, server_shutdown.clone(), TICK));
    let probe = tokio::spawn(async move { storage.probe_periodically().await });
    let rule_watch = rule_watch.map(|watch| tokio::spawn(watch.run(rule_set_metrics)));

    let result = pipeline.run(config.pipeline.shutdown_timeout, &shutdown).await.context(ConsumerSnafu);
    if tokio::time::timeout(FLUSH_TIMEOUT, statuses.flush()).await.is_err() {
        tracing::warn!("some statuses were not sent before the shutdown");
    }
    if let Err(error) = producer.flush(FLUSH_TIMEOUT).await {
        tracing::warn!(error = error_chain(&error), "flush failed, records will be delivered again");
    }
    probe.abort();
    rule_watch.inspect(JoinHandle::abort);
    server_shutdown.cancel();
    let _ = server.await;
    result
}

/// The senders of messages to Kafka.
fn sender(
    config: &Config,
    statuses: &Arc<StatusReporter>,
    producer: &Producer,
    readiness: &KafkaReadiness,
    metrics: &Metrics,
    shutdown: &CancellationToken,
) -> Sender {
    let sender_metrics =
        SenderMetrics { retries: metrics.send_retries.clone(), unsent: metrics.unsent_messages.clone() };
    let (producer, readiness) = (producer.clone(), readiness.clone());
    let topics = config.kafka.topics.clone();
    let statuses = Arc::clone(statuses);
    let results =
        ccx_outbox::Sender::new(producer, &config.retry, readiness, sender_metrics, shutdown.clone());
    let dead_letters = DeadLetters::new(results.clone(), &topics.announce_dead_letters, SERVICE);
    Sender { results, dead_letters, statuses, topics }
}

/// The rules and limits that all workers share.
fn work(config: &Config, engines: RuleEngines) -> Result<Work, UnknownCheck> {
    let workloads = Workloads::new(config)?;
    Ok(Work { engines, workloads, limits: limits(config), archive_timeout: config.pipeline.archive_timeout })
}

/// `/rules`: the rules of users that are in use, and why not the latest ones.
fn rule_routes(status: SharedStatus) -> Router {
    Router::new().route("/rules", get(async move || Json(status.get())))
}

/// The Python rules, if any are configured.
async fn python(config: &Config, registry: &Registry) -> Result<Option<Python>, PipelineError> {
    let settings = &config.insights_core;
    if !settings.is_on() {
        return Ok(None);
    }
    let metrics = ccx_insights_core::Metrics::register(registry).context(MetricsSnafu)?;
    let adapter = Adapter::start(settings, metrics.clone()).await.context(InsightsCoreSnafu)?;
    Ok(Some(Python { adapter, metrics, on_failure: settings.on_failure }))
}

fn limits(config: &Config) -> Limits {
    Limits {
        compressed_bytes: config.archive.max_compressed.as_u64(),
        unpacked_bytes: config.archive.max_unpacked.as_u64(),
        entries: config.archive.max_entries,
        path_bytes: config.archive.max_path_bytes,
    }
}

/// A record that was taken, and the topic of the consumer to which its end is reported.
struct Taken {
    topic: Arc<str>,
    position: Position,
}

impl Taken {
    fn from_record(record: &Record) -> Self {
        Self { topic: Arc::clone(&record.topic), position: record.position() }
    }
}

/// The state of the loop.
struct Pipeline {
    consumer: Consumer,
    /// Announcements that were dead letters, see `ccx dlq replay`.
    retries: Consumer,
    filter: Filter,
    memory: Arc<MemoryBudget>,
    storage: Arc<ObjectStorageHealth>,
    kafka_readiness: KafkaReadiness,
    heartbeat: Heartbeat,
    kafka_heartbeat: Heartbeat,
    metrics: Arc<Metrics>,
    handler: Arc<Handler>,
    in_flight: JoinSet<Option<Taken>>,
    /// A record that waits for memory for its archive.
    waiting: Option<Record>,
    is_paused: bool,
}

impl Pipeline {
    async fn run(
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
        let may_take = self.waiting.is_none() && self.in_flight.len() < self.max_records();
        self.set_flow(may_take);
        let bytes = self.handler.downloads.usual_bytes();
        tokio::select! {
            () = shutdown.cancelled() => {}
            _ = ticks.tick() => self.tick()?,
            Some(done) = self.in_flight.join_next() => self.finish(done),
            reservation = self.memory.admit(bytes), if self.waiting.is_some() => self.start_waiting(reservation),
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
        match (may_take, self.is_paused) {
            (false, false) => [&self.consumer, &self.retries].into_iter().for_each(Consumer::pause),
            (true, true) => [&self.consumer, &self.retries].into_iter().for_each(Consumer::resume),
            _ => return,
        }
        self.is_paused = !may_take;
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
            self.finished(Taken::from_record(&record));
            return;
        }
        self.metrics.dashboards.received.inc();
        match self.memory.try_admit(self.handler.downloads.usual_bytes()) {
            Some(reservation) => self.start(record, reservation),
            None => self.waiting = Some(record),
        }
    }

    fn start_waiting(&mut self, reservation: Reservation) {
        if let Some(record) = self.waiting.take() {
            self.start(record, reservation);
        }
    }

    fn start(&mut self, record: Record, reservation: Reservation) {
        let taken = Taken::from_record(&record);
        let handled = Arc::clone(&self.handler).handle(record, reservation);
        self.in_flight.spawn(async move { handled.await.map(|_: Position| taken) });
    }

    fn finished(&self, Taken { topic, position }: Taken) {
        let is_retry = *topic == *self.handler.sender.topics.announce_retry();
        let consumer = if is_retry { &self.retries } else { &self.consumer };
        consumer.finished(position);
    }

    fn finish(&mut self, done: Result<Option<Taken>, JoinError>) {
        match done {
            Ok(Some(taken)) => self.finished(taken),
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
        self.metrics.records_in_flight.set(i64::try_from(self.in_flight.len()).unwrap_or(i64::MAX));
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
        while !self.in_flight.is_empty() {
            tokio::select! {
                Some(done) = self.in_flight.join_next() => self.finish(done),
                _ = ticks.tick() => self.tick()?,
                () = tokio::time::sleep_until(deadline) => {
                    let records = self.in_flight.len();
                    tracing::warn!(records, "shutdown timeout, records will be delivered again");
                    self.in_flight.abort_all();
                    break;
                }
            }
        }
        Ok(())
    }
}
