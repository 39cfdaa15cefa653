//! The process: listens, serves, checks the database, and shuts down gracefully.

use std::{sync::Arc, time::Duration};

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

/// Time for probes and scrapes in flight to finish at shutdown.
const HEALTH_GRACE: Duration = Duration::from_millis(200);

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
    let health_listener = settings.health_listen.map(ccx_service::bind).transpose().context(ServeSnafu)?;
    let metrics = Metrics::register(&settings.metrics_namespace, telemetry).context(MetricsSnafu)?;
    let database = Database::connect(&config.database).context(DatabaseSnafu)?;
    let api = Arc::new(Api::new(settings, database, metrics));
    let condition = telemetry.health.condition(Dependency::DATABASE);
    let health = telemetry.health.clone();
    let (router, health_router) = match &health_listener {
        Some(_) => (api_router(&api, &settings.api_prefix), Some(health_routes(&api, health))),
        None => (router(&api, health, &settings.api_prefix), None),
    };
    tracing::info!(address = %settings.listen, prefix = settings.api_prefix, "serving the API");
    tokio::join!(
        ccx_service::serve(listener, router, shutdown.clone(), settings.shutdown_timeout),
        serve_health(health_listener.zip(health_router), &shutdown),
        watch_database(&api.database, (&api.versions.public, &api.versions.dvo), &condition, &shutdown),
        // The listener's state is large: on the heap, it does not add to the size of this future.
        Box::pin(follow_announcements(&api, &shutdown)),
        follow_rules(&api.content, &config.rules, &shutdown),
    );
    api.database.close().await;
    Ok(())
}

/// Returns the API below `prefix`, which begins and ends with `/`, with `/livez`, `/readyz` and `/metrics`.
pub fn router(api: &Arc<Api>, health: Health, prefix: &str) -> Router {
    api_router(api, prefix).merge(health_routes(api, health))
}

fn api_router(api: &Arc<Api>, prefix: &str) -> Router {
    let endpoints = endpoints(api.operations);
    ccx_http::api_router(endpoints, prefix, &api.metrics.endpoints, api.limits.request_timeout)
        .with_state(Arc::clone(api))
}

fn health_routes(api: &Api, health: Health) -> Router {
    ccx_service::routes(health, api.metrics.registry().clone())
}

/// Serves metrics and health on a port of their own, if there is one.
async fn serve_health(server: Option<(TcpListener, Router)>, shutdown: &CancellationToken) {
    if let Some((listener, routes)) = server {
        ccx_service::serve(listener, routes, shutdown.clone(), HEALTH_GRACE).await;
    }
}

#[cfg(test)]
mod tests {
    use ccx_test_support::{eventually_async, free_port};

    use super::*;

    /// The database may be unavailable when the aggregator starts.
    #[tokio::test]
    async fn health_and_metrics_are_served_on_a_port_of_their_own_only() {
        let mut config = Config::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let api = format!("http://{}", listener.local_addr().unwrap());
        let address = format!("127.0.0.1:{}", free_port());
        config.aggregator.health_listen = Some(address.parse().unwrap());
        config.database.host = "127.0.0.1".into();
        config.database.port = 1;
        let stop = CancellationToken::new();
        let server = tokio::spawn({
            let stop = stop.clone();
            async move { run_on(listener, &config, stop).await }
        });
        let status =
            async |url: String| reqwest::get(url).await.ok().map(|response| response.status().as_u16());
        let live = eventually_async("live", async || status(format!("http://{address}/livez")).await).await;
        assert_eq!(live, 200);
        assert_eq!(status(format!("http://{address}/metrics")).await, Some(200));
        for path in ["livez", "readyz", "metrics"] {
            assert_eq!(status(format!("{api}/{path}")).await, Some(404), "{path}");
        }
        stop.cancel();
        server.await.unwrap().unwrap();
    }
}
