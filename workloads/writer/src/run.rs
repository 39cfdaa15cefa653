//! The main loop: lease, batch, rows, offsets.

use std::{convert::Infallible, sync::Arc, time::Duration};

use ccx_config::Config;
use ccx_outbox::{DeadLetters, KafkaReadiness, Sender, SenderMetrics, StatusMetrics, StatusReporter};
use ccx_service::{Condition, Dependency, Health, Heartbeat, Telemetry, Waited, bind, error_chain, serve};
use ccx_storage::{Database, Schema, WriterLease};
use ccx_transport::{Consumer, Producer, Record};
use snafu::ResultExt;
use tokio::{
    net::TcpListener,
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{
    SERVICE, WriterError,
    allow_list::AllowList,
    batch::{Limits, collect},
    database_retry::DatabaseRetry,
    error::{ConsumerSnafu, DatabaseSnafu, KafkaSnafu, ServeSnafu},
    metrics::Metrics,
    process::Processor,
    store::{Interrupted, Store},
};

/// Longest wait for messages, and interval of the updates of health and lag.
const IDLE: Duration = Duration::from_secs(1);

/// Interval of checks of the lease while there is nothing to store.
const CHECK_LEASE_EVERY: Duration = Duration::from_secs(5);

/// A loop without a heartbeat for this long hangs: every wait for the database or the brokers beats more often.
const MAX_SILENCE: Duration = Duration::from_mins(5);

/// Longest wait for HTTP requests in flight at the end.
const HTTP_GRACE: Duration = Duration::from_secs(1);

/// Runs the writer until `shutdown`. Then the batch in flight is finished, offsets are committed, and the lease is released.
pub async fn run(config: &Config, shutdown: CancellationToken) -> Result<(), WriterError> {
    let listener = bind(config.writer.listen).context(ServeSnafu)?;
    run_on(listener, config, shutdown).await
}

/// As [`run`], with metrics and health served on `listener`.
pub async fn run_on(
    listener: TcpListener,
    config: &Config,
    shutdown: CancellationToken,
) -> Result<(), WriterError> {
    let telemetry = Telemetry::default();
    let serving = CancellationToken::new();
    let work = async {
        let result = run_with(&telemetry, config, shutdown).await;
        serving.cancel();
        result
    };
    // Polled second: the writer's dependencies are registered before `/readyz` answers.
    let server = async {
        let routes = telemetry.routes();
        // A panic of the server was logged when it happened.
        let _ = tokio::spawn(serve(listener, routes, serving.clone(), HTTP_GRACE)).await;
    };
    let (result, ()) = tokio::join!(work, server);
    result
}

/// As [`run`], in a process that serves its health and metrics itself.
pub async fn run_with(
    telemetry: &Telemetry,
    config: &Config,
    shutdown: CancellationToken,
) -> Result<(), WriterError> {
    let metrics = Metrics::register(&config.writer.metrics_namespace, telemetry)?;
    let producer = Producer::new(&config.kafka).context(KafkaSnafu)?;
    let status_metrics =
        StatusMetrics { sent: metrics.produced_messages.clone(), dropped: metrics.dropped_statuses.clone() };
    let topic = &config.kafka.topics.payload_status;
    let statuses = StatusReporter::start(SERVICE, &producer, topic, status_metrics);
    let writer = Writer::new(config, &telemetry.health, producer, &statuses, metrics, shutdown.clone())?;

    let result = finish_within(config.writer.shutdown_timeout, &shutdown, Box::pin(writer.run())).await;
    if timeout(config.writer.shutdown_timeout, statuses.flush()).await.is_err() {
        warn!("some statuses were not sent before the shutdown");
    }
    info!("writer ended");
    result
}

/// Waits for `work`, after the shutdown at most for `limit`.
async fn finish_within(
    limit: Duration,
    shutdown: &CancellationToken,
    mut work: impl Future<Output = Result<(), WriterError>> + Unpin,
) -> Result<(), WriterError> {
    tokio::select! {
        result = &mut work => return result,
        () = shutdown.cancelled() => {}
    }
    timeout(limit, work).await.unwrap_or_else(|_| {
        warn!(
            limit_s = limit.as_secs(),
            "batch in flight not finished in time, its messages will be read again"
        );
        Ok(())
    })
}

/// The state that outlives a lease.
struct Writer<'a> {
    config: &'a Config,
    database: Database,
    allow_list: Arc<AllowList>,
    dead_letters: DeadLetters,
    statuses: &'a StatusReporter,
    metrics: Metrics,
    database_condition: Condition,
    kafka_readiness: KafkaReadiness,
    heartbeat: Heartbeat,
    kafka_heartbeat: Heartbeat,
    shutdown: CancellationToken,
}

impl<'a> Writer<'a> {
    fn new(
        config: &'a Config,
        health: &Health,
        producer: Producer,
        statuses: &'a StatusReporter,
        metrics: Metrics,
        shutdown: CancellationToken,
    ) -> Result<Self, WriterError> {
        let heartbeat = health.heartbeat("writer", MAX_SILENCE);
        let (database_condition, kafka_condition) =
            (health.condition(Dependency::DATABASE), health.condition(Dependency::KAFKA));
        let database = Database::connect(&config.database).context(DatabaseSnafu)?;
        let kafka_readiness = KafkaReadiness::new(kafka_condition, &producer);
        let sender_metrics =
            SenderMetrics { retries: metrics.send_retries.clone(), unsent: metrics.unsent_messages.clone() };
        let readiness = kafka_readiness.clone();
        let sender = Sender::new(producer, &config.retry, readiness, sender_metrics, shutdown.clone())
            .with_heartbeat(heartbeat.clone());
        let dead_letters = DeadLetters::new(sender, &config.kafka.topics.results_dead_letters, SERVICE);
        Ok(Self {
            config,
            database: database.with_query_observer(metrics.query_observer()),
            allow_list: Arc::new(AllowList::load(config.writer.org_allowlist_file.as_deref())?),
            dead_letters,
            statuses,
            metrics,
            database_condition,
            kafka_readiness,
            heartbeat,
            kafka_heartbeat: health.heartbeat("kafka consumer", MAX_SILENCE),
            shutdown,
        })
    }

    async fn run(self) -> Result<(), WriterError> {
        let mut retry = DatabaseRetry::new(
            &self.config.retry,
            self.database_condition.clone(),
            self.heartbeat.clone(),
            self.metrics.clone(),
            self.shutdown.clone(),
        );
        while let Some(lease) = tokio::select! {
            lease = self.wait_for_lease(&mut retry) => lease,
            never = self.observe_without_consumer() => match never {},
        } {
            info!("writer active");
            self.metrics.active.set(1);
            let store = Store::new(self.database.clone(), lease, retry, self.metrics.clone());
            retry = self.write(store).await?;
            self.metrics.active.set(0);
            self.metrics.consumer_lag.set(0);
        }
        self.database.close().await;
        Ok(())
    }

    /// Waits for the lease; `None` at a shutdown. A writer that waits for another one to end is ready: otherwise a rolling update,
    /// which ends the old writer when the new one is ready, would never end.
    async fn wait_for_lease(&self, retry: &mut DatabaseRetry) -> Option<WriterLease> {
        while !self.shutdown.is_cancelled() {
            let acquired = match self.database.require_newest(Schema::Public).await {
                Ok(()) => {
                    retry.succeeded();
                    let lease = self.database.acquire_writer_lease();
                    self.shutdown.run_until_cancelled(retry.request(lease)).await?
                }
                Err(error) => Err(error),
            };
            match acquired {
                Ok(lease) => return Some(lease),
                Err(error) => {
                    if retry.failed(error).await == Waited::ShuttingDown {
                        return None;
                    }
                }
            }
        }
        None
    }

    /// Updates readiness and liveness once a second while there is no consumer.
    async fn observe_without_consumer(&self) -> Infallible {
        loop {
            self.kafka_heartbeat.beat();
            self.kafka_readiness.update();
            tokio::time::sleep(IDLE).await;
        }
    }

    /// Works as a member of the consumer group until the shutdown, or until another writer has the lease.
    async fn write(&self, store: Store) -> Result<DatabaseRetry, WriterError> {
        let (kafka, group) = (&self.config.kafka, &self.config.writer.group);
        let consumer = Consumer::subscribe(kafka, group, &kafka.topics.results).context(KafkaSnafu)?;
        let (retry_group, retry_topic) = (format!("{group}.retry"), kafka.topics.results_retry());
        let retries = Consumer::subscribe_if_exists(kafka, &retry_group, &retry_topic).context(KafkaSnafu)?;
        self.kafka_readiness.follow(Some(&consumer));
        let mut processor = Processor {
            store,
            allow_list: Arc::clone(&self.allow_list),
            dead_letters: &self.dead_letters,
            statuses: self.statuses,
            metrics: &self.metrics,
        };
        let result = tokio::select! {
            result = self.consume([&consumer, &retries], &mut processor) => result,
            result = self.observe(&consumer, &retries) => result,
        };
        match result {
            Ok(()) => {}
            Err(Interrupted::ConsumerEnded(error)) => return Err(error).context(ConsumerSnafu),
            Err(interrupted) => info!(?interrupted, "batch abandoned, its messages will be read again"),
        }
        self.kafka_readiness.follow(None);
        let (closed, retries_closed) = tokio::join!(consumer.close(), retries.close());
        if let Err(error) = closed.and(retries_closed) {
            warn!(
                error = error_chain(&error),
                "failed to commit the last offsets, messages may be read again"
            );
        }
        Ok(processor.store.release().await)
    }

    /// Processes batches of each consumer in turn; the wait for messages is at the first.
    async fn consume(
        &self,
        consumers: [&Consumer; 2],
        processor: &mut Processor<'_>,
    ) -> Result<(), Interrupted> {
        let mut check_due = Instant::now() + CHECK_LEASE_EVERY;
        while !self.shutdown.is_cancelled() {
            let mut is_idle = true;
            for (consumer, wait) in consumers.into_iter().zip([IDLE, Duration::ZERO]) {
                is_idle &= self.process_batch(consumer, wait, processor).await? == 0;
            }
            if !is_idle {
                check_due = Instant::now() + CHECK_LEASE_EVERY;
            } else if Instant::now() >= check_due {
                processor.store.check().await?;
                check_due = Instant::now() + CHECK_LEASE_EVERY;
            }
        }
        Ok(())
    }

    /// Collects and processes a batch, and returns the number of its messages.
    async fn process_batch(
        &self,
        consumer: &Consumer,
        wait: Duration,
        processor: &mut Processor<'_>,
    ) -> Result<usize, Interrupted> {
        let settings = &self.config.writer;
        let limits = Limits {
            max_messages: settings.max_batch_messages,
            max_bytes: usize::try_from(settings.max_batch_bytes.as_u64()).unwrap_or(usize::MAX),
            linger: settings.linger,
        };
        let records = collect(consumer, limits, wait, &self.shutdown).await;
        let records = records.map_err(Interrupted::ConsumerEnded)?;
        self.heartbeat.beat();
        if records.is_empty() {
            return Ok(0);
        }
        let positions: Vec<_> = records.iter().map(Record::position).collect();
        processor.process(records).await?;
        for position in &positions {
            consumer.finished(*position);
        }
        Ok(positions.len())
    }

    /// Updates readiness and metrics once a second, also while a batch waits for the database. Returns if the consumer's
    /// thread has ended.
    async fn observe(&self, consumer: &Consumer, retries: &Consumer) -> Result<(), Interrupted> {
        loop {
            consumer.check().and_then(|()| retries.check()).map_err(Interrupted::ConsumerEnded)?;
            self.kafka_heartbeat.beat_at(consumer.last_beat());
            self.kafka_readiness.update();
            if let Some(lag) = consumer.lag() {
                self.metrics.consumer_lag.set(lag);
            }
            let failures = consumer.take_commit_failures() + retries.take_commit_failures();
            self.metrics.commit_failures.inc_by(failures);
            tokio::time::sleep(IDLE).await;
        }
    }
}
