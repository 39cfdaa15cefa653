//! The loop: takes records as long as there is room for them, and commits what is done.

use std::{sync::Arc, time::Duration};

use axum::{Json, Router, routing::get};
use ccx_archive::Limits;
use ccx_config::Config;
use ccx_insights_core::Adapter;
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
    download::Downloads,
    error::{InsightsCoreSnafu, KafkaSnafu, MetricsSnafu, PipelineError, ServeSnafu, WorkloadChecksSnafu},
    filter::{Filter, SERVICE_HEADER, age},
    flight::{Flight, Passage},
    handle::Handler,
    judges::{Judges, Python},
    metrics::Metrics,
    outage::{MANY_LINKS, Storage},
    rules::{Rules, SharedStatus},
    sender::Sender,
    storage::StorageWatch,
    workers::Workers,
    workloads::Workloads,
};

/// Most records in progress. Those with an archive are bounded by bytes; the others wait for a retry or for Kafka and weigh a few
/// kilobytes each. It also bounds what is done again after a crash.
const MAX_RECORDS: usize = 256;

/// Most records in progress while the object storage is away: more than [`MANY_LINKS`], so that whether it really is does not hang
/// on the links of a few broken records.
const MAX_RECORDS_WHILE_AWAY: usize = 4 * MANY_LINKS;

/// How often gauges and readiness are brought up to date, and how often the loop shows that it lives.
const TICK: Duration = Duration::from_secs(1);

/// A loop that is silent for this long hangs.
const MAX_SILENCE: Duration = Duration::from_secs(30);

/// How long the last messages of the producer are given at the end.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);

/// Runs the pipeline until `shutdown`, then finishes what is in flight, at most for `pipeline.shutdown_timeout`.
pub async fn run(config: &Config, shutdown: CancellationToken) -> Result<(), PipelineError> {
    let listener = ccx_service::bind(config.pipeline.listen).context(ServeSnafu)?;
    run_on(listener, config, Rules::of(config), shutdown).await
}

/// [`run`] with a given place for metrics and health, and with given rules.
pub async fn run_on(
    listener: TcpListener,
    config: &Config,
    rules: Rules,
    shutdown: CancellationToken,
) -> Result<(), PipelineError> {
    let registry = Registry::new();
    let health = Health::new();
    let metrics = Arc::new(Metrics::new(&registry).context(MetricsSnafu)?);
    let condition = health.condition(Dependency::OBJECT_STORAGE);
    let storage = Arc::new(StorageWatch::new(config, condition, metrics.storage_away.clone()));
    let rule_watch = match rules.watch {
        Some(watch) => Some(watch.look(metrics.rule_set.clone()).await),
        None => None,
    };
    let judges = Judges::new(rules.engine, python(config, &registry).await?);
    let rule_set_metrics = metrics.rule_set.clone();
    let flight = Flight::new(config.pipeline.max_bytes_in_flight.as_u64(), config.pipeline.max_downloads);

    let producer = Producer::new(&config.kafka).context(KafkaSnafu { client: "producer" })?;
    let handler = handler(config, judges, &flight, &storage, &metrics, &producer, &shutdown).await?;
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
        flight,
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
    let probe = tokio::spawn(async move { storage.probe().await });
    let rule_watch = rule_watch.map(|watch| tokio::spawn(watch.run(rule_set_metrics)));

    pipeline.run(config.pipeline.shutdown_timeout, &shutdown).await;
    if let Err(error) = producer.flush(FLUSH_TIMEOUT).await {
        tracing::warn!(
            error = error_chain(&error),
            "the last messages may be lost; their records will be delivered again"
        );
    }
    probe.abort();
    rule_watch.inspect(JoinHandle::abort);
    server_shutdown.cancel();
    let _ = server.await;
    Ok(())
}

/// What becomes of a record, from the download of its archive to its result.
async fn handler(
    config: &Config,
    judges: Judges,
    flight: &Arc<Flight>,
    storage: &Arc<StorageWatch>,
    metrics: &Arc<Metrics>,
    producer: &Producer,
    shutdown: &CancellationToken,
) -> Result<Handler, PipelineError> {
    let workloads = Workloads::new(config).context(WorkloadChecksSnafu)?;
    let (flight, storage) = (Arc::clone(flight), Arc::clone(storage));
    Ok(Handler {
        downloads: Downloads::new(config, flight, storage, Arc::clone(metrics), shutdown.clone()).await?,
        workers: Workers::new(config.pipeline.workers, judges, workloads, limits(config)),
        sender: Sender::new(producer.clone(), config, metrics.send_retries.clone(), shutdown.clone()),
        metrics: Arc::clone(metrics),
    })
}

/// `/rules`: which rules of users are in use, and why not the latest ones.
fn rule_routes(status: SharedStatus) -> Router {
    Router::new().route("/rules", get(async move || Json(status.get())))
}

/// The Python rules, when the configuration names some.
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
    flight: Arc<Flight>,
    storage: Arc<StorageWatch>,
    kafka: KafkaWatch,
    heartbeat: Heartbeat,
    metrics: Arc<Metrics>,
    handler: Arc<Handler>,
    in_flight: JoinSet<Option<Position>>,
    /// A record that is for us and has no memory for its archive yet.
    waiting: Option<Record>,
    is_paused: bool,
}

impl Pipeline {
    async fn run(mut self, shutdown_timeout: Duration, shutdown: &CancellationToken) {
        let mut ticks = tokio::time::interval(TICK);
        tracing::info!("taking announcements");
        while !shutdown.is_cancelled() {
            self.step(&mut ticks, shutdown).await;
        }
        self.drain(shutdown_timeout, &mut ticks).await;
        if let Err(error) = self.consumer.close().await {
            tracing::warn!(error = error_chain(&error), "failed to leave the consumer group in order");
        }
    }

    /// Waits for whatever comes first, and deals with it.
    async fn step(&mut self, ticks: &mut Interval, shutdown: &CancellationToken) {
        let may_take = self.waiting.is_none() && self.in_flight.len() < self.max_records();
        self.set_flow(may_take);
        let bytes = self.handler.downloads.usual_bytes();
        tokio::select! {
            () = shutdown.cancelled() => {}
            _ = ticks.tick() => self.tick(),
            Some(done) = self.in_flight.join_next() => self.finish(done),
            passage = self.flight.admit(bytes), if self.waiting.is_some() => self.start_waiting(passage),
            record = self.consumer.next(), if may_take => self.take(record),
        }
    }

    fn max_records(&self) -> usize {
        match self.storage.state() {
            Storage::Present => MAX_RECORDS,
            Storage::Unreachable | Storage::Silent => MAX_RECORDS_WHILE_AWAY,
        }
    }

    /// Stops the brokers from sending what can't be taken.
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
        match self.flight.try_admit(self.handler.downloads.usual_bytes()) {
            Some(passage) => self.start(record, passage),
            None => self.waiting = Some(record),
        }
    }

    fn start_waiting(&mut self, passage: Passage) {
        if let Some(record) = self.waiting.take() {
            self.start(record, passage);
        }
    }

    fn start(&mut self, record: Record, passage: Passage) {
        self.in_flight.spawn(Arc::clone(&self.handler).handle(record, passage));
    }

    fn finish(&mut self, done: Result<Option<Position>, JoinError>) {
        match done {
            Ok(Some(position)) => self.consumer.finished(position),
            Ok(None) => {}
            // The handler turns panics of its work into dead letters, so this is one of the handler itself.
            Err(error) => {
                tracing::error!(%error, "a record was lost sight of; it will be delivered again after a restart")
            }
        }
    }

    fn tick(&self) {
        self.heartbeat.beat();
        self.kafka.tell();
        self.metrics.bytes_in_flight.set(i64::try_from(self.flight.bytes()).unwrap_or(i64::MAX));
        self.metrics.records_in_flight.set(i64::try_from(self.in_flight.len()).unwrap_or(i64::MAX));
        if let Some(lag) = self.consumer.lag() {
            self.metrics.lag.set(lag);
        }
    }

    /// Finishes what is in flight; takes nothing new.
    async fn drain(&mut self, timeout: Duration, ticks: &mut Interval) {
        self.set_flow(false);
        let deadline = Instant::now() + timeout;
        while !self.in_flight.is_empty() {
            tokio::select! {
                Some(done) = self.in_flight.join_next() => self.finish(done),
                _ = ticks.tick() => self.tick(),
                () = tokio::time::sleep_until(deadline) => {
                    let records = self.in_flight.len();
                    tracing::warn!(records, "not finished in time; these records will be delivered again");
                    return self.in_flight.abort_all();
                }
            }
        }
    }
}

/// Whether both clients reach their brokers, for readiness.
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
