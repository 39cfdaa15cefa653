//! The process: its clients, its HTTP server, and its end.

use std::{sync::Arc, time::Duration};

use ccx_auth::{Authenticator, AuthenticatorError};
use ccx_config::Config;
use ccx_messages::ErrorClass;
use ccx_outbox::{KafkaReadiness, StatusReporter};
use ccx_service::{Dependency, ServeError, Telemetry, error_chain};
use ccx_transport::{KafkaError, ObjectStore, ObjectStoreError, Producer};
use snafu::{ResultExt, Snafu, ensure};
use tokio::{
    net::TcpListener,
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    announce::Announcer,
    api::{Api, Limits, Shared},
    gathering_rules::{GatheringRules, GatheringRulesError},
    metrics::Metrics,
    object_storage_probe::probe_periodically,
    routes::routes,
    track::Tracker,
    user_agent::UserAgents,
};

/// The name of this service in statuses.
const SERVICE: &str = "ingress";

/// Interval of the updates of readiness.
const TICK: Duration = Duration::from_secs(1);

/// Time limit of a request to the payload tracker.
const TRACKER_TIMEOUT: Duration = Duration::from_secs(10);

/// Time for requests of metrics and health at the end.
const HEALTH_GRACE: Duration = Duration::from_secs(1);

/// Time for the last messages to Kafka at the end.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);

/// The service can't run.
#[derive(Debug, Snafu)]
pub enum IngressError {
    /// No bucket is configured.
    #[snafu(display("object_storage.bucket is empty: archives need a bucket"))]
    NoBucket,
    /// Authentication can't be set up.
    #[snafu(display("failed to set up authentication"))]
    Authenticator {
        /// The cause.
        source: AuthenticatorError,
    },
    /// The gathering rules can't be used.
    #[snafu(display("failed to load the gathering rules"))]
    GatheringRules {
        /// The cause.
        source: GatheringRulesError,
    },
    /// The object storage's settings can't be used.
    #[snafu(display("failed to set up the object storage"))]
    ObjectStorage {
        /// The cause.
        source: ObjectStoreError,
    },
    /// Kafka's settings can't be used.
    #[snafu(display("failed to set up Kafka"))]
    Kafka {
        /// The cause.
        source: KafkaError,
    },
    /// The client of the payload tracker can't be created.
    #[snafu(display("failed to set up the client of the payload tracker"))]
    PayloadTracker {
        /// The cause.
        source: reqwest::Error,
    },
    /// A metric can't be registered.
    #[snafu(display("failed to set up the metrics"))]
    Metrics {
        /// The cause.
        source: prometheus::Error,
    },
    /// The address can't be listened on.
    #[snafu(display("failed to start the server"))]
    Serve {
        /// The cause.
        source: ServeError,
    },
}

impl IngressError {
    /// Returns whether starting again later can help.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Serve { .. } => ErrorClass::Transient,
            Self::Kafka { source } => source.class(),
            Self::ObjectStorage { source } => source.class(),
            _ => ErrorClass::Bug,
        }
    }
}

/// Runs the service until `shutdown`; then uploads in flight finish, at most for `ingress.shutdown_timeout`.
///
/// Kafka and the object storage may be unavailable, at the start too: `/readyz` names the cause, and uploads are answered with
/// `503` until they are available.
pub async fn run(config: &Config, shutdown: CancellationToken) -> Result<(), IngressError> {
    let listener = ccx_service::bind(config.ingress.listen).context(ServeSnafu)?;
    run_on(listener, config, shutdown).await
}

/// Runs the service on a listener that the caller has bound already; see [`run`].
pub async fn run_on(
    listener: TcpListener,
    config: &Config,
    shutdown: CancellationToken,
) -> Result<(), IngressError> {
    ensure!(!config.object_storage.bucket.is_empty(), NoBucketSnafu);
    let telemetry = Telemetry::default();
    let kafka_condition = telemetry.health.condition(Dependency::KAFKA);
    let storage_condition = telemetry.health.condition(Dependency::OBJECT_STORAGE);
    let producer = Producer::new(&config.kafka).context(KafkaSnafu)?;
    let readiness = KafkaReadiness::new(kafka_condition, &producer);
    let api = api(config, &telemetry, &producer).await?;
    let rules = Arc::clone(&api.shared.gathering_rules);
    let health_listener =
        config.ingress.health_listen.map(ccx_service::bind).transpose().context(ServeSnafu)?;
    let router = match &health_listener {
        Some(_) => routes(api.clone()),
        None => routes(api.clone()).merge(telemetry.routes()),
    };
    tracing::info!(address = %config.ingress.listen, "accepting uploads");
    tokio::join!(
        ccx_service::serve(listener, router, shutdown.clone(), config.ingress.shutdown_timeout),
        serve_health(health_listener, &telemetry, &shutdown),
        probe_periodically(&api.shared.store, &api.shared.bucket, &storage_condition, &shutdown),
        update_readiness(&readiness, &shutdown),
        rules.follow(&shutdown),
    );
    if timeout(FLUSH_TIMEOUT, api.shared.statuses.flush()).await.is_err() {
        tracing::warn!("some statuses were not sent before the shutdown");
    }
    if let Err(error) = producer.flush(FLUSH_TIMEOUT).await {
        tracing::warn!(error = error_chain(&error), "some messages were not sent before the shutdown");
    }
    Ok(())
}

async fn api(config: &Config, telemetry: &Telemetry, producer: &Producer) -> Result<Api, IngressError> {
    let (settings, topics) = (&config.ingress, &config.kafka.topics);
    let metrics = Metrics::new(&telemetry.registry).context(MetricsSnafu)?;
    let authenticator = Authenticator::new(&config.auth).context(AuthenticatorSnafu)?;
    let gathering_rules = GatheringRules::load(settings.gathering_rules.as_deref(), settings.canary_percent);
    let tracker_client = reqwest::Client::builder().timeout(TRACKER_TIMEOUT).build();
    Ok(Api::new(Shared {
        authenticator: Arc::new(authenticator.with_metrics(metrics.auth.clone())),
        store: ObjectStore::connect(&config.object_storage).await.context(ObjectStorageSnafu)?,
        bucket: config.object_storage.bucket.clone(),
        announcer: Announcer::new(producer.clone(), &topics.announce, metrics.clone()),
        statuses: StatusReporter::start(SERVICE, producer, &topics.payload_status, metrics.status.clone()),
        tracker: Tracker::new(
            tracker_client.context(PayloadTrackerSnafu)?,
            settings.payload_tracker_url.as_deref(),
        ),
        gathering_rules: Arc::new(gathering_rules.context(GatheringRulesSnafu)?),
        metrics,
        agents: UserAgents::default(),
        limits: Limits::new(settings),
        uploads: Semaphore::new(settings.max_concurrent_uploads),
    }))
}

/// Serves metrics and health on a port of their own, if there is one.
async fn serve_health(listener: Option<TcpListener>, telemetry: &Telemetry, shutdown: &CancellationToken) {
    if let Some(listener) = listener {
        ccx_service::serve(listener, telemetry.routes(), shutdown.clone(), HEALTH_GRACE).await;
    }
}

async fn update_readiness(readiness: &KafkaReadiness, shutdown: &CancellationToken) {
    loop {
        readiness.update();
        if shutdown.run_until_cancelled(sleep(TICK)).await.is_none() {
            return;
        }
    }
}
