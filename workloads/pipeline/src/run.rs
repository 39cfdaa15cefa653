//! The start of the pipeline: its clients, its rules and its HTTP server around the loop over records.

use std::{sync::Arc, time::Duration};

use axum::{Json, Router, routing::get};
use ccx_archive::Limits;
use ccx_config::{Config, PipelineRole, Topics};
use ccx_insights_core::Adapter;
use ccx_outbox::{DeadLetters, KafkaReadiness, SenderMetrics, StatusMetrics, StatusReporter};
use ccx_rules::UnknownCheck;
use ccx_service::{Dependency, Health, error_chain};
use ccx_transport::{Consumer, Producer};
use prometheus::Registry;
use snafu::ResultExt;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{
    copies::Copies,
    download::{Downloads, downloader},
    engines::{Python, RuleEngines},
    error::{
        ConsumerSnafu, InsightsCoreSnafu, KafkaSnafu, MemorySnafu, MetricsSnafu, PipelineError, ServeSnafu,
        WorkloadChecksSnafu,
    },
    filter::Filter,
    handle::Handler,
    memory_budget::MemoryBudget,
    memory_limit,
    metrics::Metrics,
    object_storage_health::ObjectStorageHealth,
    record_loop::{Progress, RecordLoop, TICK},
    results_uploader,
    roles::Roles,
    rules::{Rules, SharedStatus},
    sender::Sender,
    status::service,
    upload::Target,
    workers::{Work, Workers},
};

/// The time without a heartbeat after which the loop counts as hanging.
pub(crate) const MAX_SILENCE: Duration = Duration::from_secs(30);

/// The time without a heartbeat after which the thread of the consumer counts as hanging. It waits for brokers at most for
/// about a minute.
pub(crate) const MAX_KAFKA_SILENCE: Duration = Duration::from_mins(5);

/// The time for the last messages of the producer at the end.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);

/// Runs the pipeline until `shutdown`, then finishes the records in progress, at most for `pipeline.shutdown_timeout`.
pub async fn run(config: &Config, shutdown: CancellationToken) -> Result<(), PipelineError> {
    let listener = ccx_service::bind(config.pipeline.listen).context(ServeSnafu)?;
    let rules = if config.pipeline.has_role(PipelineRole::Rules) {
        Rules::from_config(config)
    } else {
        Rules::none()
    };
    run_on(listener, config, rules, shutdown).await
}

/// [`run`] with a given listener for metrics and health, and with given rules.
pub async fn run_on(
    listener: TcpListener,
    config: &Config,
    rules: Rules,
    shutdown: CancellationToken,
) -> Result<(), PipelineError> {
    if config.pipeline.main_role() == PipelineRole::RulesUploader {
        return results_uploader::run_on(listener, config, shutdown).await;
    }
    memory_limit::check(config).context(MemorySnafu)?;
    let registry = Registry::new();
    let health = Health::new();
    let metrics = Arc::new(Metrics::new(&registry).context(MetricsSnafu)?);
    let rule_set_metrics = metrics.rule_set.clone();
    let rule_watch = match rules.watch {
        Some(watch) => Some(watch.poll(rule_set_metrics.clone()).await),
        None => None,
    };
    let engines = RuleEngines::new(rules.engine, python(config, &registry).await?);
    let outputs = Outputs::connect(config, &health, &metrics)?;
    let records = record_loop(config, engines, &outputs, &health, &metrics, &shutdown).await?;
    let storage = Arc::clone(&records.storage);

    let server_shutdown = CancellationToken::new();
    let routes = ccx_service::routes(health, registry).merge(rule_routes(rules.status));
    let server = tokio::spawn(ccx_service::serve(listener, routes, server_shutdown.clone(), TICK));
    let probe = tokio::spawn(async move { storage.probe_periodically().await });
    let rule_watch = rule_watch.map(|watch| tokio::spawn(watch.run(rule_set_metrics)));

    let result = records.run(config.pipeline.shutdown_timeout, &shutdown).await.context(ConsumerSnafu);
    outputs.flush().await;
    probe.abort();
    rule_watch.inspect(JoinHandle::abort);
    server_shutdown.cancel();
    let _ = server.await;
    result
}

/// Connects the loop over records with its inputs, its workers and `outputs`.
async fn record_loop(
    config: &Config,
    engines: RuleEngines,
    outputs: &Outputs,
    health: &Health,
    metrics: &Arc<Metrics>,
    shutdown: &CancellationToken,
) -> Result<RecordLoop, PipelineError> {
    let condition = health.condition(Dependency::OBJECT_STORAGE);
    let downloader = downloader(config).await?;
    let storage =
        ObjectStorageHealth::new(downloader.clone(), condition, metrics.storage_unavailable.clone());
    let storage = Arc::new(storage);
    let memory =
        MemoryBudget::new(config.pipeline.max_bytes_in_flight.as_u64(), config.pipeline.max_downloads);
    let downloads = Downloads::new(
        config,
        &downloader,
        Arc::clone(&memory),
        Arc::clone(&storage),
        Arc::clone(metrics),
        shutdown.clone(),
    );
    let handler = Handler {
        copies: copies(config, health, metrics, shutdown).await?,
        downloads,
        workers: Workers::new(config.pipeline.workers, work(config, engines).context(WorkloadChecksSnafu)?),
        sender: outputs.sender(config, metrics, shutdown),
        metrics: Arc::clone(metrics),
    };
    let (consumer, retries) = consumers(config)?;
    outputs.readiness.follow(Some(&consumer));
    Ok(RecordLoop {
        kafka_readiness: outputs.readiness.clone(),
        heartbeat: health.heartbeat("consumer", MAX_SILENCE),
        kafka_heartbeat: health.heartbeat("kafka consumer", MAX_KAFKA_SILENCE),
        filter: Filter::new(&config.pipeline.service, config.pipeline.max_record_age),
        consumer,
        retries,
        memory,
        storage,
        metrics: Arc::clone(metrics),
        handler: Arc::new(handler),
        progress: Progress::default(),
    })
}

/// The copies of archives, with a role that makes them.
async fn copies(
    config: &Config,
    health: &Health,
    metrics: &Metrics,
    shutdown: &CancellationToken,
) -> Result<Option<Copies>, PipelineError> {
    if !Copies::are_enabled(config) {
        return Ok(None);
    }
    let target = Target {
        condition: health.condition(Dependency::ARCHIVE_BUCKET),
        uploads: metrics.uploads.clone(),
        retries: metrics.upload_retries.clone(),
        shutdown: shutdown.clone(),
    };
    Ok(Some(Copies::connect(config, target).await?))
}

/// The messages to Kafka.
pub(crate) struct Outputs {
    producer: Producer,
    pub(crate) readiness: KafkaReadiness,
    statuses: Arc<StatusReporter>,
}

impl Outputs {
    pub(crate) fn connect(
        config: &Config,
        health: &Health,
        metrics: &Metrics,
    ) -> Result<Self, PipelineError> {
        let producer = Producer::new(&config.kafka).context(KafkaSnafu { client: "producer" })?;
        let readiness = KafkaReadiness::new(health.condition(Dependency::KAFKA), &producer);
        let topic = &config.kafka.topics.payload_status;
        let status_metrics =
            StatusMetrics { sent: metrics.sent_statuses.clone(), dropped: metrics.dropped_statuses.clone() };
        let statuses = Arc::new(StatusReporter::start(
            service(config.pipeline.main_role()),
            &producer,
            topic,
            status_metrics,
        ));
        Ok(Self { producer, readiness, statuses })
    }

    pub(crate) fn sender(&self, config: &Config, metrics: &Metrics, shutdown: &CancellationToken) -> Sender {
        let sender_metrics =
            SenderMetrics { retries: metrics.send_retries.clone(), unsent: metrics.unsent_messages.clone() };
        let (producer, readiness) = (self.producer.clone(), self.readiness.clone());
        let topics = config.kafka.topics.clone();
        let results =
            ccx_outbox::Sender::new(producer, &config.retry, readiness, sender_metrics, shutdown.clone());
        let main_role = config.pipeline.main_role();
        let queue = config.kafka.topics.dead_letters_of(main_role);
        let dead_letters = DeadLetters::new(results.clone(), queue, service(main_role));
        let retry_topic = Topics::retry_of(queue);
        Sender { results, dead_letters, statuses: Arc::clone(&self.statuses), topics, retry_topic }
    }

    /// Waits until Kafka has the last messages, at most for [`FLUSH_TIMEOUT`] each.
    pub(crate) async fn flush(&self) {
        if tokio::time::timeout(FLUSH_TIMEOUT, self.statuses.flush()).await.is_err() {
            tracing::warn!("some statuses were not sent before the shutdown");
        }
        if let Err(error) = self.producer.flush(FLUSH_TIMEOUT).await {
            tracing::warn!(error = error_chain(&error), "flush failed, records will be delivered again");
        }
    }
}

/// Subscribes to announcements and, if their topic exists, to replayed dead letters.
fn consumers(config: &Config) -> Result<(Consumer, Consumer), PipelineError> {
    let (group, topics) = (config.pipeline_group(), &config.kafka.topics);
    let retry_topic = Topics::retry_of(topics.dead_letters_of(config.pipeline.main_role()));
    let consumer = Consumer::subscribe(&config.kafka, group, &topics.announce)
        .context(KafkaSnafu { client: "consumer" })?;
    let retries = Consumer::subscribe_if_exists(&config.kafka, &format!("{group}.retry"), &retry_topic)
        .context(KafkaSnafu { client: "consumer of retries" })?;
    Ok((consumer, retries))
}

/// The rules and limits that all workers share.
fn work(config: &Config, engines: RuleEngines) -> Result<Work, UnknownCheck> {
    let roles = Roles::new(config)?;
    Ok(Work { engines, roles, limits: limits(config), archive_timeout: config.pipeline.archive_timeout })
}

/// `/rules`: the rules of users that are in use, and why not the latest ones.
fn rule_routes(status: SharedStatus) -> Router {
    Router::new().route("/rules", get(async move || Json(status.get())))
}

/// The Python rules, if any are configured.
async fn python(config: &Config, registry: &Registry) -> Result<Option<Python>, PipelineError> {
    let settings = &config.insights_core;
    if !settings.is_on() || !config.pipeline.has_role(PipelineRole::Rules) {
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
