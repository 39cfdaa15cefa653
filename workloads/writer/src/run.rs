//! The loop: lease, batch, rows, offsets.

use std::{sync::Arc, time::Duration};

use ccx_config::Config;
use ccx_service::{Condition, Dependency, Health, Heartbeat, Waited, bind, error_chain, routes, serve};
use ccx_storage::{Database, WriterLease};
use ccx_transport::{Consumer, Producer};
use prometheus::Registry;
use snafu::ResultExt;
use tokio::{
    net::TcpListener,
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{
    WriterError,
    allow_list::AllowList,
    batch::{Limits, collect},
    dead_letters::{DeadLetters, tell},
    error::{DatabaseSnafu, KafkaSnafu, ServeSnafu},
    metrics::Metrics,
    process::Processor,
    status::Statuses,
    store::{Interrupted, Patience, Store},
};

/// While no messages come, the loop goes round this often, so that health and lag are up to date.
const IDLE: Duration = Duration::from_secs(1);

/// How often the lease is checked while there is nothing to store.
const CHECK_LEASE_EVERY: Duration = Duration::from_secs(5);

/// A loop that is silent for longer hangs: no wait for the database or the brokers, and no batch, takes so long without a beat.
const MAX_SILENCE: Duration = Duration::from_mins(5);

/// How long a request for metrics or health in flight is given at the end.
const HTTP_GRACE: Duration = Duration::from_secs(1);

/// Runs the writer until `shutdown`. The batch in flight is finished then, offsets are committed, and the lease is given back.
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
    let (health, registry) = (Health::new(), Registry::new());
    let metrics = Metrics::register(&config.writer.metrics_namespace, &registry)?;
    let producer = Producer::new(&config.kafka).context(KafkaSnafu)?;
    let statuses = Statuses::start(&producer, &config.kafka.topics.payload_status, &metrics);
    let writer = Writer::new(config, &health, producer, &statuses, metrics, shutdown.clone())?;

    let serving = CancellationToken::new();
    let server = tokio::spawn(serve(listener, routes(health, registry), serving.clone(), HTTP_GRACE));
    let result = finish_within(config.writer.shutdown_timeout, &shutdown, Box::pin(writer.run())).await;
    if timeout(config.writer.shutdown_timeout, statuses.close()).await.is_err() {
        warn!("not all statuses could be sent before the end");
    }
    serving.cancel();
    // A panic of the server has been reported by the runtime.
    let _ = server.await;
    info!("the writer has ended");
    result
}

/// Gives `work` so long after the shutdown.
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
        warn!(limit_s = limit.as_secs(), "the batch in flight did not finish in time; it will be read again");
        Ok(())
    })
}

/// Everything that outlives a lease.
struct Writer<'a> {
    config: &'a Config,
    database: Database,
    allow_list: Arc<AllowList>,
    dead_letters: DeadLetters,
    statuses: &'a Statuses,
    metrics: Metrics,
    database_condition: Condition,
    kafka_condition: Condition,
    heartbeat: Heartbeat,
    shutdown: CancellationToken,
}

impl<'a> Writer<'a> {
    fn new(
        config: &'a Config,
        health: &Health,
        producer: Producer,
        statuses: &'a Statuses,
        metrics: Metrics,
        shutdown: CancellationToken,
    ) -> Result<Self, WriterError> {
        let heartbeat = health.heartbeat("writer", MAX_SILENCE);
        let (database_condition, kafka_condition) =
            (health.condition(Dependency::DATABASE), health.condition(Dependency::KAFKA));
        let database = Database::connect(&config.database).context(DatabaseSnafu)?;
        let dead_letters = DeadLetters {
            producer,
            topic: config.kafka.topics.results_dead_letters.clone(),
            retry: config.retry.clone(),
            kafka_condition: kafka_condition.clone(),
            heartbeat: heartbeat.clone(),
            metrics: metrics.clone(),
            shutdown: shutdown.clone(),
        };
        Ok(Self {
            config,
            database: database.with_query_observer(metrics.query_observer()),
            allow_list: Arc::new(AllowList::load(config.writer.org_allowlist_file.as_deref())?),
            dead_letters,
            statuses,
            metrics,
            database_condition,
            kafka_condition,
            heartbeat,
            shutdown,
        })
    }

    async fn run(self) -> Result<(), WriterError> {
        let mut patience = Patience::new(
            &self.config.retry,
            self.database_condition.clone(),
            self.heartbeat.clone(),
            self.metrics.clone(),
            self.shutdown.clone(),
        );
        while let Some(lease) = self.wait_for_lease(&mut patience).await {
            info!("this writer is active");
            self.metrics.active.set(1);
            patience = self.write(Store::new(self.database.clone(), lease, patience)).await?;
            self.metrics.active.set(0);
        }
        self.database.close().await;
        Ok(())
    }

    /// `None` at a shutdown. A writer that waits for another one to end is ready: otherwise a rolling update, which ends the old
    /// writer when the new one is ready, would never end.
    async fn wait_for_lease(&self, patience: &mut Patience) -> Option<WriterLease> {
        while !self.shutdown.is_cancelled() {
            let acquired = match self.database.require_current_schema().await {
                Ok(()) => {
                    patience.succeeded();
                    self.kafka_condition.ready();
                    let lease = beating(&self.heartbeat, self.database.acquire_writer_lease());
                    self.shutdown.run_until_cancelled(lease).await?
                }
                Err(error) => Err(error),
            };
            match acquired {
                Ok(lease) => return Some(lease),
                Err(error) => {
                    if patience.failed(error).await == Waited::ShuttingDown {
                        return None;
                    }
                }
            }
        }
        None
    }

    /// Works as a member of the consumer group until the shutdown, or until another writer has the lease.
    async fn write(&self, store: Store) -> Result<Patience, WriterError> {
        let (kafka, group) = (&self.config.kafka, &self.config.writer.group);
        let consumer = Consumer::subscribe(kafka, group, &kafka.topics.results).context(KafkaSnafu)?;
        let mut processor = Processor {
            store,
            allow_list: Arc::clone(&self.allow_list),
            dead_letters: &self.dead_letters,
            statuses: self.statuses,
            metrics: &self.metrics,
        };
        if let Err(interrupted) = self.consume(&consumer, &mut processor).await {
            info!(?interrupted, "the batch in flight is left to be read again");
        }
        if let Err(error) = consumer.close().await {
            warn!(
                error = error_chain(&error),
                "the last offsets may not be committed; messages will be read again"
            );
        }
        Ok(processor.store.release().await)
    }

    async fn consume(&self, consumer: &Consumer, processor: &mut Processor<'_>) -> Result<(), Interrupted> {
        let settings = &self.config.writer;
        let limits = Limits {
            max_messages: settings.max_batch_messages,
            max_bytes: usize::try_from(settings.max_batch_bytes.as_u64()).unwrap_or(usize::MAX),
            linger: settings.linger,
        };
        let mut check_due = Instant::now() + CHECK_LEASE_EVERY;
        while !self.shutdown.is_cancelled() {
            let records = collect(consumer, limits, IDLE, &self.shutdown).await;
            self.pulse(consumer);
            if records.is_empty() && Instant::now() < check_due {
                continue;
            }
            if records.is_empty() {
                processor.store.check().await?;
            } else {
                let positions: Vec<_> = records.iter().map(ccx_transport::Record::position).collect();
                processor.process(records).await?;
                for position in positions {
                    consumer.finished(position);
                }
            }
            check_due = Instant::now() + CHECK_LEASE_EVERY;
        }
        Ok(())
    }

    /// Once in each round: alive, in touch with the brokers, and how far behind.
    fn pulse(&self, consumer: &Consumer) {
        self.heartbeat.beat();
        tell(&self.kafka_condition, &consumer.connectivity().borrow());
        if let Some(lag) = consumer.lag() {
            self.metrics.consumer_lag.set(lag);
        }
    }
}

/// Waits for `work`, which may rightly take for ever.
async fn beating<T>(heartbeat: &Heartbeat, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    loop {
        heartbeat.beat();
        if let Ok(done) = timeout(MAX_SILENCE / 10, &mut work).await {
            return done;
        }
    }
}
