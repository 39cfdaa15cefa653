//! The role `rules-uploader` alone: results of rules on copied archives become objects beside the copies.
//!
//! The results come from another process, by `kafka.topics.archive_results`; beside the role `rules` there is no need for the topic.

use std::{sync::Arc, time::Duration};

use ccx_config::Config;
use ccx_messages::{ArchiveResults, ErrorClass, Reason, Status};
use ccx_outbox::{KafkaReadiness, Request};
use ccx_service::{Dependency, Heartbeat, Telemetry, error_chain};
use ccx_transport::{Consumer, KafkaError, Position, Record};
use snafu::ResultExt;
use tokio::{net::TcpListener, task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{
    PipelineError,
    error::{ConsumerSnafu, KafkaSnafu, MetricsSnafu, ObjectStoreSnafu},
    metrics::Metrics,
    record_loop::TICK,
    run::{MAX_KAFKA_SILENCE, MAX_SILENCE, Outputs},
    sender::Sender,
    upload::{Target, Uploader},
};

/// The most results that are stored at once.
const MAX_UPLOADS: usize = 16;

/// Runs the role until `shutdown`, then finishes the uploads in progress.
pub(crate) async fn run_on(
    listener: TcpListener,
    config: &Config,
    shutdown: CancellationToken,
) -> Result<(), PipelineError> {
    let telemetry = Telemetry::default();
    let health = &telemetry.health;
    let metrics = Arc::new(Metrics::new(&telemetry.registry).context(MetricsSnafu)?);
    let outputs = Outputs::connect(config, health, &metrics)?;
    let target = Target {
        condition: health.condition(Dependency::OBJECT_STORAGE),
        uploads: metrics.uploads.clone(),
        retries: metrics.upload_retries.clone(),
        shutdown: shutdown.clone(),
    };
    let handler = Handler {
        uploader: Uploader::connect(config, target).await.context(ObjectStoreSnafu)?,
        bucket: config.rules_uploader_bucket().to_owned(),
        sender: outputs.sender(config, &metrics, &shutdown),
        metrics: Arc::clone(&metrics),
    };
    let records = Loop {
        consumers: Consumers::subscribe(config).context(KafkaSnafu { client: "consumer" })?,
        handler: Arc::new(handler),
        heartbeat: health.heartbeat("consumer", MAX_SILENCE),
        kafka_heartbeat: health.heartbeat("kafka consumer", MAX_KAFKA_SILENCE),
        kafka_readiness: outputs.readiness.clone(),
        metrics,
        uploads: JoinSet::new(),
    };
    let serving = CancellationToken::new();
    let server = tokio::spawn(ccx_service::serve(listener, telemetry.routes(), serving.clone(), TICK));
    let result = records.run(config.pipeline.shutdown_timeout, &shutdown).await.context(ConsumerSnafu);
    outputs.flush().await;
    serving.cancel();
    // A panic of the server was logged when it happened.
    let _ = server.await;
    result
}

/// The consumers of results, and of those that were dead letters.
struct Consumers {
    results: Consumer,
    retries: Consumer,
}

impl Consumers {
    fn subscribe(config: &Config) -> Result<Self, KafkaError> {
        let (group, topics) = (&config.rules_uploader.group, &config.kafka.topics);
        let retry_topic = ccx_config::Topics::retry_of(&topics.rules_uploader_dead_letters);
        Ok(Self {
            results: Consumer::subscribe(&config.kafka, group, &topics.archive_results)?,
            retries: Consumer::subscribe_if_exists(&config.kafka, &format!("{group}.retry"), &retry_topic)?,
        })
    }
}

struct Loop {
    consumers: Consumers,
    handler: Arc<Handler>,
    heartbeat: Heartbeat,
    kafka_heartbeat: Heartbeat,
    kafka_readiness: KafkaReadiness,
    metrics: Arc<Metrics>,
    uploads: JoinSet<Option<(Source, Position)>>,
}

/// The consumer that a record came from.
#[derive(Clone, Copy)]
enum Source {
    Results,
    Retries,
}

impl Loop {
    async fn run(mut self, limit: Duration, shutdown: &CancellationToken) -> Result<(), KafkaError> {
        self.kafka_readiness.follow(Some(&self.consumers.results));
        let mut ticks = tokio::time::interval(TICK);
        tracing::info!("rules-uploader started");
        while !shutdown.is_cancelled() {
            let may_take = self.uploads.len() < MAX_UPLOADS;
            tokio::select! {
                () = shutdown.cancelled() => {}
                _ = ticks.tick() => self.tick()?,
                Some(done) = self.uploads.join_next() => self.finish(done.ok().flatten()),
                record = self.consumers.results.next(), if may_take => self.start(record?, Source::Results),
                record = self.consumers.retries.next(), if may_take => self.start(record?, Source::Retries),
            }
        }
        let deadline = Instant::now() + limit;
        while let Ok(Some(done)) = tokio::time::timeout_at(deadline, self.uploads.join_next()).await {
            self.finish(done.ok().flatten());
        }
        let Consumers { results, retries } = self.consumers;
        let (closed, retries_closed) = tokio::join!(results.close(), retries.close());
        if let Err(error) = closed.and(retries_closed) {
            tracing::warn!(error = error_chain(&error), "failed to leave the consumer group");
        }
        Ok(())
    }

    fn start(&mut self, record: Record, source: Source) {
        self.metrics.dashboards.received.inc();
        let handler = Arc::clone(&self.handler);
        self.uploads.spawn(async move { handler.handle(record).await.map(|position| (source, position)) });
    }

    fn finish(&self, done: Option<(Source, Position)>) {
        match done {
            Some((Source::Results, position)) => self.consumers.results.finished(position),
            Some((Source::Retries, position)) => self.consumers.retries.finished(position),
            None => {}
        }
    }

    fn tick(&self) -> Result<(), KafkaError> {
        self.consumers.results.check()?;
        self.consumers.retries.check()?;
        self.heartbeat.beat();
        self.kafka_heartbeat.beat_at(self.consumers.results.last_beat());
        self.kafka_readiness.update();
        if let Some(lag) = self.consumers.results.lag() {
            self.metrics.lag.set(lag);
        }
        let failures =
            self.consumers.results.take_commit_failures() + self.consumers.retries.take_commit_failures();
        self.metrics.commit_failures.inc_by(failures);
        Ok(())
    }
}

/// Stores results.
struct Handler {
    uploader: Uploader,
    bucket: String,
    sender: Sender,
    metrics: Arc<Metrics>,
}

impl Handler {
    /// Handles a record until its object is stored or its dead letter is acknowledged. Returns `None` when the process stops before.
    async fn handle(&self, record: Record) -> Option<Position> {
        let results = match ArchiveResults::parse(&record.payload) {
            Ok(results) => results,
            Err(error) => return self.dead_letter(&record, &Reason::from_error(&error)).await,
        };
        let request = results.request_id.map(|id| Request { id, owner: None });
        self.sender.status(request.as_ref(), Status::Received, None);
        self.sender.status(request.as_ref(), Status::Processing, None);
        let key = ArchiveResults::object_key(&results.path);
        self.uploader.put(&self.bucket, &key, record.payload.to_vec().into(), None).await.ok()?;
        self.metrics.dashboards.published.for_unknown().inc();
        self.sender.status(request.as_ref(), Status::Success, None);
        tracing::info!(bucket = self.bucket, key, "results stored");
        Some(record.position())
    }

    async fn dead_letter(&self, record: &Record, reason: &Reason) -> Option<Position> {
        let (topic, partition, offset) = (&record.topic, record.partition, record.offset);
        tracing::warn!(%topic, partition, offset, error = &**reason, "dead letter");
        self.metrics.dashboards.not_handled.inc();
        self.sender.dead_letter(record, ErrorClass::BadInput, reason).await.ok()?;
        self.metrics.dashboards.failures.for_unknown().inc();
        self.metrics.dead_letters.for_class(ErrorClass::BadInput).inc();
        Some(record.position())
    }
}
