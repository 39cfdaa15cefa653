//! A member of a consumer group: batches of messages, their results in the storage, their offsets.

use std::{convert::Infallible, sync::Arc, time::Duration};

use ccx_config::Config;
use ccx_outbox::{DeadLetters, KafkaReadiness, Sender, SenderMetrics, StatusMetrics, StatusReporter};
use ccx_service::{Condition, Dependency, Heartbeat, Telemetry, error_chain};
use ccx_transport::{Consumer, Producer};
use futures::try_join;
use snafu::ResultExt;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{
    WriterError,
    allow_list::AllowList,
    batch::{Collector, Limits},
    error::{ConsumerSnafu, KafkaSnafu},
    metrics::Metrics,
    process::{CheckedBatch, Intake, Processor},
    result::ParsedResult,
    role::Role,
    sink::{Interrupted, Sink},
    storage_retry::StorageRetry,
};

/// Longest wait for messages, and interval of the updates of health and lag.
const IDLE: Duration = Duration::from_secs(1);

/// Interval of checks of the storage while there is nothing to store.
const CHECK_STORAGE_EVERY: Duration = Duration::from_secs(5);

/// A loop without a heartbeat for this long hangs: every wait for the storage or the brokers beats more often.
const MAX_SILENCE: Duration = Duration::from_mins(5);

/// The state that all writers have.
pub(crate) struct Member<'a> {
    pub(crate) config: &'a Config,
    pub(crate) shutdown: CancellationToken,
    pub(crate) statuses: StatusReporter,
    pub(crate) metrics: Metrics,
    role: Role<'a>,
    allow_list: Arc<AllowList>,
    dead_letters: Option<DeadLetters>,
    kafka_readiness: KafkaReadiness,
    heartbeat: Heartbeat,
    kafka_heartbeat: Heartbeat,
}

impl<'a> Member<'a> {
    pub(crate) fn new(
        role: Role<'a>,
        telemetry: &Telemetry,
        config: &'a Config,
        shutdown: CancellationToken,
    ) -> Result<Self, WriterError> {
        let health = &telemetry.health;
        let metrics = Metrics::register(role.metrics_namespace, telemetry)?;
        let producer = Producer::new(&config.kafka).context(KafkaSnafu)?;
        let heartbeat = health.heartbeat(role.workload, MAX_SILENCE);
        let kafka_readiness = KafkaReadiness::new(health.condition(Dependency::KAFKA), &producer);
        let status_metrics = StatusMetrics {
            sent: metrics.produced_messages.clone(),
            dropped: metrics.dropped_statuses.clone(),
        };
        let topic = &config.kafka.topics.payload_status;
        let statuses = StatusReporter::start(role.service_name, &producer, topic, status_metrics);
        let sender_metrics =
            SenderMetrics { retries: metrics.send_retries.clone(), unsent: metrics.unsent_messages.clone() };
        let readiness = kafka_readiness.clone();
        let sender = Sender::new(producer, &config.retry, readiness, sender_metrics, shutdown.clone())
            .with_heartbeat(heartbeat.clone());
        Ok(Self {
            config,
            allow_list: Arc::new(AllowList::load(config.writer.org_allowlist_file.as_deref())?),
            dead_letters: role.dead_letters.map(|topic| DeadLetters::new(sender, topic, role.service_name)),
            statuses,
            metrics,
            kafka_readiness,
            heartbeat,
            kafka_heartbeat: health.heartbeat("kafka consumer", MAX_SILENCE),
            role,
            shutdown,
        })
    }

    /// Retries requests to the storage, and reports its availability to `condition`.
    pub(crate) fn retry(&self, condition: Condition) -> StorageRetry {
        StorageRetry::new(
            &self.config.retry,
            condition,
            self.heartbeat.clone(),
            self.metrics.clone(),
            self.shutdown.clone(),
        )
    }

    /// Updates readiness and liveness once a second while there is no consumer.
    pub(crate) async fn observe_without_consumer(&self) -> Infallible {
        loop {
            self.kafka_heartbeat.beat();
            self.kafka_readiness.update();
            tokio::time::sleep(IDLE).await;
        }
    }

    /// Works as a member of the consumer group until the shutdown, or until another writer has the storage.
    pub(crate) async fn write<S: Sink>(&self, sink: S) -> Result<StorageRetry, WriterError> {
        let kafka = &self.config.kafka;
        info!("writer active");
        self.metrics.active.set(1);
        let consumer = Consumer::subscribe(kafka, self.role.group, self.role.topic).context(KafkaSnafu)?;
        let retries =
            self.role.retries().map(|(group, topic)| Consumer::subscribe_if_exists(kafka, &group, &topic));
        let retries = retries.transpose().context(KafkaSnafu)?;
        self.kafka_readiness.follow(Some(&consumer));
        let mut processor = Processor {
            sink,
            dead_letters: self.dead_letters.as_ref(),
            statuses: &self.statuses,
            metrics: &self.metrics,
        };
        let result = tokio::select! {
            result = self.consume(&consumer, retries.as_ref(), &mut processor) => result,
            result = self.observe(&consumer, retries.as_ref()) => result,
        };
        match result {
            Ok(()) => {}
            Err(Interrupted::ConsumerEnded(error)) => return Err(error).context(ConsumerSnafu),
            Err(interrupted) => info!(?interrupted, "batch abandoned, its messages will be read again"),
        }
        self.kafka_readiness.follow(None);
        for consumer in retries.into_iter().chain([consumer]) {
            if let Err(error) = consumer.close().await {
                let error = error_chain(&error);
                warn!(error, "failed to commit the last offsets, messages may be read again");
            }
        }
        let retry = processor.sink.release().await;
        self.metrics.active.set(0);
        self.metrics.consumer_lag.set(0);
        Ok(retry)
    }

    /// Stores batches of both consumers, in order. While one is stored, the next is collected and checked.
    async fn consume<S: Sink>(
        &self,
        consumer: &Consumer,
        retries: Option<&Consumer>,
        processor: &mut Processor<'_, S>,
    ) -> Result<(), Interrupted> {
        let mut main = Collector::new(consumer, self.batch_limits());
        let mut retries = retries.map(|consumer| Collector::new(consumer, self.batch_limits()));
        let mut check_due = Instant::now() + CHECK_STORAGE_EVERY;
        let mut next = self.next_batch(&mut main, IDLE).await?;
        while !self.shutdown.is_cancelled() {
            ((), next) = try_join!(store(processor, next, consumer), self.next_batch(&mut main, IDLE))?;
            let mut is_idle = next.is_empty();
            if let Some(retries) = &mut retries {
                let batch = self.next_batch(retries, Duration::ZERO).await?;
                is_idle &= batch.is_empty();
                store(processor, batch, retries.consumer()).await?;
            }
            if !is_idle {
                check_due = Instant::now() + CHECK_STORAGE_EVERY;
            } else if Instant::now() >= check_due {
                processor.sink.check().await?;
                check_due = Instant::now() + CHECK_STORAGE_EVERY;
            }
        }
        // Its messages were taken before the shutdown.
        store(processor, next, consumer).await
    }

    fn batch_limits(&self) -> Limits {
        let settings = &self.config.writer;
        Limits {
            max_messages: settings.max_batch_messages,
            max_bytes: usize::try_from(settings.max_batch_bytes.as_u64()).unwrap_or(usize::MAX),
            linger: settings.linger,
        }
    }

    /// Collects and checks a batch, which is empty if no message came for `wait`.
    async fn next_batch<R: ParsedResult>(
        &self,
        collector: &mut Collector<'_>,
        wait: Duration,
    ) -> Result<CheckedBatch<R>, Interrupted> {
        let records = collector.collect(wait, &self.shutdown).await.map_err(Interrupted::ConsumerEnded)?;
        self.heartbeat.beat();
        if records.is_empty() {
            return Ok(CheckedBatch::default());
        }
        let intake =
            Intake { allow_list: &self.allow_list, statuses: &self.statuses, metrics: &self.metrics };
        Ok(intake.check(records).await)
    }

    /// Updates readiness and metrics once a second, also while a batch waits for the storage. Returns if a consumer's thread has
    /// ended.
    async fn observe(&self, consumer: &Consumer, retries: Option<&Consumer>) -> Result<(), Interrupted> {
        loop {
            let mut failures = consumer.take_commit_failures();
            consumer.check().map_err(Interrupted::ConsumerEnded)?;
            if let Some(retries) = retries {
                retries.check().map_err(Interrupted::ConsumerEnded)?;
                failures += retries.take_commit_failures();
            }
            self.kafka_heartbeat.beat_at(consumer.last_beat());
            self.kafka_readiness.update();
            if let Some(lag) = consumer.lag() {
                self.metrics.consumer_lag.set(lag);
            }
            self.metrics.commit_failures.inc_by(failures);
            tokio::time::sleep(IDLE).await;
        }
    }
}

/// Stores a batch, and lets its offsets be committed.
async fn store<S: Sink>(
    processor: &mut Processor<'_, S>,
    mut batch: CheckedBatch<S::Result>,
    consumer: &Consumer,
) -> Result<(), Interrupted> {
    if batch.is_empty() {
        return Ok(());
    }
    processor.store(&mut batch).await?;
    batch.positions().for_each(|position| consumer.finished(position));
    Ok(())
}
