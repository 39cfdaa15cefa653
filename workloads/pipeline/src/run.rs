//! The loop: takes records while there is room for them, and commits their offsets when they are finished.

use std::{sync::Arc, time::Duration};

use axum::{Json, Router, routing::get};
use ccx_archive::Limits;
use ccx_config::Config;
use ccx_insights_core::Adapter;
use ccx_rules::UnknownCheck;
use ccx_service::{Condition, Dependency, Health, Heartbeat, error_chain};
use ccx_transport::{Connectivity, Consumer, Position, Producer, Record};
use chrono::Utc;
use prometheus::Registry;
use snafu::ResultExt;
use tokio::{
    net::TcpListener,
    sync::watch,
    task::{JoinError, JoinHandle, JoinSet},
    time::{Instant, Interval},
};
use tokio_util::sync::CancellationToken;

use crate::{
    download::{Downloads, downloader},
    engines::{Python, RuleEngines},
    error::{
        InsightsCoreSnafu, KafkaSnafu, MemorySnafu, MetricsSnafu, PipelineError, ServeSnafu,
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
        sender: Sender::new(producer.clone(), config, metrics.send_retries.clone(), shutdown.clone()),
        metrics: Arc::clone(&metrics),
    };
    let (group, topic) = (&config.pipeline.group, &config.kafka.topics.announce);
    let consumer =
        Consumer::subscribe(&config.kafka, group, topic).context(KafkaSnafu { client: "consumer" })?;

    let pipeline = Pipeline {
        kafka: KafkaWatch {
            consumer: consumer.connectivity(),
            producer: producer.connectivity(),
            condition: health.condition(Dependency::KAFKA),
        },
        heartbeat: health.heartbeat("consumer", MAX_SILENCE),
        filter: Filter::new(&config.pipeline.service, config.pipeline.max_record_age),
        consumer,
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

    pipeline.run(config.pipeline.shutdown_timeout, &shutdown).await;
    if let Err(error) = producer.flush(FLUSH_TIMEOUT).await {
        tracing::warn!(error = error_chain(&error), "flush failed, records will be delivered again");
    }
    probe.abort();
    rule_watch.inspect(JoinHandle::abort);
    server_shutdown.cancel();
    let _ = server.await;
    Ok(())
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

/// The state of the loop.
struct Pipeline {
    consumer: Consumer,
    filter: Filter,
    memory: Arc<MemoryBudget>,
    storage: Arc<ObjectStorageHealth>,
    kafka: KafkaWatch,
    heartbeat: Heartbeat,
    metrics: Arc<Metrics>,
    handler: Arc<Handler>,
    in_flight: JoinSet<Option<Position>>,
    /// A record that waits for memory for its archive.
    waiting: Option<Record>,
    is_paused: bool,
}

impl Pipeline {
    async fn run(mut self, shutdown_timeout: Duration, shutdown: &CancellationToken) {
        let mut ticks = tokio::time::interval(TICK);
        tracing::info!("pipeline started");
        while !shutdown.is_cancelled() {
            self.step(&mut ticks, shutdown).await;
        }
        self.drain(shutdown_timeout, &mut ticks).await;
        if let Err(error) = self.consumer.close().await {
            tracing::warn!(error = error_chain(&error), "failed to leave the consumer group");
        }
    }

    /// Waits for the first event and handles it.
    async fn step(&mut self, ticks: &mut Interval, shutdown: &CancellationToken) {
        let may_take = self.waiting.is_none() && self.in_flight.len() < self.max_records();
        self.set_flow(may_take);
        let bytes = self.handler.downloads.usual_bytes();
        tokio::select! {
            () = shutdown.cancelled() => {}
            _ = ticks.tick() => self.tick(),
            Some(done) = self.in_flight.join_next() => self.finish(done),
            reservation = self.memory.admit(bytes), if self.waiting.is_some() => self.start_waiting(reservation),
            record = self.consumer.next(), if may_take => self.take(record),
        }
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
            (false, false) => self.consumer.pause(),
            (true, true) => self.consumer.resume(),
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
            self.consumer.finished(record.position());
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
        self.in_flight.spawn(Arc::clone(&self.handler).handle(record, reservation));
    }

    fn finish(&mut self, done: Result<Option<Position>, JoinError>) {
        match done {
            Ok(Some(position)) => self.consumer.finished(position),
            Ok(None) => {}
            // The handler turns panics of its work into dead letters, so this is one of the handler itself.
            Err(error) => {
                tracing::error!(%error, "record task failed, the record will be delivered again after a restart");
            }
        }
    }

    fn tick(&self) {
        self.heartbeat.beat();
        self.kafka.tell();
        self.metrics.bytes_in_flight.set(i64::try_from(self.memory.bytes()).unwrap_or(i64::MAX));
        self.metrics.records_in_flight.set(i64::try_from(self.in_flight.len()).unwrap_or(i64::MAX));
        if let Some(lag) = self.consumer.lag() {
            self.metrics.lag.set(lag);
        }
    }

    /// Finishes the records in progress; takes no new ones.
    async fn drain(&mut self, timeout: Duration, ticks: &mut Interval) {
        self.set_flow(false);
        let deadline = Instant::now() + timeout;
        while !self.in_flight.is_empty() {
            tokio::select! {
                Some(done) = self.in_flight.join_next() => self.finish(done),
                _ = ticks.tick() => self.tick(),
                () = tokio::time::sleep_until(deadline) => {
                    let records = self.in_flight.len();
                    tracing::warn!(records, "shutdown timeout, records will be delivered again");
                    return self.in_flight.abort_all();
                }
            }
        }
    }
}

/// The connectivity of both clients, for readiness.
struct KafkaWatch {
    consumer: watch::Receiver<Connectivity>,
    producer: watch::Receiver<Connectivity>,
    condition: Condition,
}

impl KafkaWatch {
    fn tell(&self) {
        let clients = [("consumer", &self.consumer), ("producer", &self.producer)];
        let problem = clients.iter().find_map(|(client, connectivity)| match &*connectivity.borrow() {
            Connectivity::Up => None,
            Connectivity::Connecting => Some(format!("the {client} is connecting")),
            Connectivity::Down(reason) => Some(format!("the {client} has no broker: {reason}")),
        });
        match problem {
            None => self.condition.ready(),
            Some(problem) => self.condition.not_ready(problem),
        }
    }
}
