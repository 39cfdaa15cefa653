//! The process: listens, serves, checks the database, and shuts down gracefully.

use std::sync::Arc;

use axum::Router;
use ccx_config::Config;
use ccx_messages::ErrorClass;
use ccx_service::{Dependency, Health, ServeError, Telemetry};
use ccx_storage::{Database, StorageError};
use snafu::{ResultExt, Snafu};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    api::Api, content::follow_rules, endpoints::endpoints, invalidation::follow_announcements,
    metrics::Metrics, readiness::watch_database,
};

/// The aggregator can't run.
#[derive(Debug, Snafu)]
pub enum AggregatorError {
    /// A metric can't be registered.
    #[snafu(display("failed to set up the metrics"))]
    Metrics {
        /// The cause.
        source: prometheus::Error,
    },
    /// The database's settings can't be used.
    #[snafu(display("failed to set up the database"))]
    Database {
        /// The cause.
        source: StorageError,
    },
    /// The address can't be listened on.
    #[snafu(display("failed to start the server"))]
    Serve {
        /// The cause.
        source: ServeError,
    },
}

impl AggregatorError {
    /// Returns whether starting again later can help.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Metrics { .. } => ErrorClass::Bug,
            Self::Database { source } => source.class(),
            Self::Serve { .. } => ErrorClass::Transient,
        }
    }
}

/// Runs the aggregator until `shutdown`; then requests in flight finish.
///
/// The database may be unavailable, at the start too: `/readyz` names the cause, and answers are `503` until it is available.
pub async fn run(config: &Config, shutdown: CancellationToken) -> Result<(), AggregatorError> {
    let listener = ccx_service::bind(config.aggregator.listen).context(ServeSnafu)?;
    run_on(listener, config, shutdown).await
}

/// Runs the aggregator on a listener that the caller has bound already; see [`run`].
pub async fn run_on(
    listener: TcpListener,
    config: &Config,
    shutdown: CancellationToken,
) -> Result<(), AggregatorError> {
    run_with(&Telemetry::default(), listener, config, shutdown).await
}

/// As [`run_on`], in a process with other workloads, whose health and metrics it serves too.
pub async fn run_with(
    telemetry: &Telemetry,
    listener: TcpListener,
    config: &Config,
    shutdown: CancellationToken,
) -> Result<(), AggregatorError> {
    let settings = &config.aggregator;
    let metrics = Metrics::register(&settings.metrics_namespace, telemetry).context(MetricsSnafu)?;
    let database = Database::connect(&config.database).context(DatabaseSnafu)?;
    let api = Arc::new(Api::new(settings, database, metrics));
    let condition = telemetry.health.condition(Dependency::DATABASE);
    let router = router(&api, telemetry.health.clone(), &settings.api_prefix);
    tracing::info!(address = %settings.listen, prefix = settings.api_prefix, "serving the API");
    tokio::join!(
        ccx_service::serve(listener, router, shutdown.clone(), settings.shutdown_timeout),
        watch_database(&api, &condition, &shutdown),
        // The listener's state is large: on the heap, it does not add to the size of this future.
        Box::pin(follow_announcements(&api, &shutdown)),
        follow_rules(&api.content, &config.rules, &shutdown),
    );
    api.database.close().await;
    Ok(())
}

/// Returns the API below `prefix`, which begins and ends with `/`, with `/livez`, `/readyz` and `/metrics`.
pub fn router(api: &Arc<Api>, health: Health, prefix: &str) -> Router {
    let endpoints = endpoints(api.operations);
    ccx_http::api_router(endpoints, prefix, &api.metrics.endpoints, api.limits.request_timeout)
        .with_state(Arc::clone(api))
        .merge(ccx_service::routes(health, api.metrics.registry().clone()))
}
