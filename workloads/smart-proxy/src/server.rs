//! The process: listens, serves, watches the database and the texts, and shuts down gracefully.

use std::{
    sync::{Arc, atomic::AtomicU32},
    time::Duration,
};

use axum::Router;
use ccx_aggregator::{CurrentContent, follow_rules, watch_database};
use ccx_auth::{AuthMetrics, Authenticator, AuthenticatorError};
use ccx_config::Config;
use ccx_http::{EndpointMetrics, api_router};
use ccx_messages::ErrorClass;
use ccx_service::{Dependency, MetricRegistrar, ServeError, Telemetry, run_periodically};
use ccx_storage::{Database, ReportChange, ReportListener, StorageError};
use ccx_valkey::{RequestStore, ValkeyError};
use snafu::{ResultExt, Snafu};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    account_management::AccountManagementError,
    api::Api,
    endpoints::{content_service, renderer, v1, v2},
    metrics::Metrics,
    public_api::PublicApi,
    upgrade_risks::{UpgradeRisks, UpgradeRisksError},
};

/// How often cached reports are compared with the texts in use.
const CONTENT_CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// The smart proxy can't run.
#[derive(Debug, Snafu)]
pub enum SmartProxyError {
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
    /// Valkey's settings can't be used.
    #[snafu(display("failed to set up the client of Valkey"))]
    Valkey {
        /// The cause.
        source: ValkeyError,
    },
    /// The settings of authentication can't be used.
    #[snafu(display("failed to set up authentication"))]
    Authentication {
        /// The cause.
        source: AuthenticatorError,
    },
    /// The settings of account management can't be used.
    #[snafu(transparent)]
    AccountManagement {
        /// The cause.
        source: AccountManagementError,
    },
    /// The client of the service for upgrade risks can't be built.
    #[snafu(transparent)]
    UpgradeRisks {
        /// The cause.
        source: UpgradeRisksError,
    },
    /// The address can't be listened on.
    #[snafu(display("failed to start the server"))]
    Serve {
        /// The cause.
        source: ServeError,
    },
}

impl SmartProxyError {
    /// Returns whether starting again later can help.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Metrics { .. } | Self::UpgradeRisks { .. } => ErrorClass::Bug,
            Self::Database { source } => source.class(),
            Self::Valkey { source } => source.class(),
            Self::Authentication { .. } | Self::AccountManagement { .. } => ErrorClass::BadInput,
            Self::Serve { .. } => ErrorClass::Transient,
        }
    }
}

/// Runs the smart proxy until `shutdown`; then requests in flight finish.
///
/// The database may be unavailable, at the start too: `/readyz` names the cause, and answers are earlier ones or `503` until it is
/// available.
pub async fn run(config: &Config, shutdown: CancellationToken) -> Result<(), SmartProxyError> {
    let listener = ccx_service::bind(config.smart_proxy.listen).context(ServeSnafu)?;
    run_on(listener, config, shutdown).await
}

/// Runs the smart proxy on a listener that the caller has bound already; see [`run`].
pub async fn run_on(
    listener: TcpListener,
    config: &Config,
    shutdown: CancellationToken,
) -> Result<(), SmartProxyError> {
    let telemetry = Telemetry::default();
    let service = Service::new(&telemetry, config)?;
    let router = service.router().merge(telemetry.routes());
    tracing::info!(address = %config.smart_proxy.listen, prefix = config.smart_proxy.api_prefix, "serving the public API");
    tokio::join!(
        ccx_service::serve(listener, router, shutdown.clone(), config.smart_proxy.shutdown_timeout),
        service.work(config, &shutdown),
    );
    Ok(())
}

/// The smart proxy of a process, without its listener: for processes that serve more than one role. Clones share their state.
#[derive(Clone)]
pub struct Service {
    api: Arc<Api>,
    condition: ccx_service::Condition,
    prefixes: (String, String),
}

impl Service {
    /// Creates the service, whose metrics and readiness are part of `telemetry`.
    pub fn new(telemetry: &Telemetry, config: &Config) -> Result<Self, SmartProxyError> {
        let settings = &config.smart_proxy;
        let namespace = &settings.metrics_namespace;
        let metrics = Metrics::new(&telemetry.registry, namespace).context(MetricsSnafu)?;
        let sql = telemetry.sql_metrics(namespace).context(MetricsSnafu)?;
        let database = Database::connect(&config.database).context(DatabaseSnafu)?;
        let database =
            database.with_query_observer(Arc::new(move |name, duration| sql.observe(name, duration)));
        let requests = config.valkey.endpoint.is_some().then(|| RequestStore::new(&config.valkey));
        let requests = requests.transpose().context(ValkeySnafu)?;
        let auth_metrics = AuthMetrics::new(MetricRegistrar::new(&telemetry.registry, namespace));
        let authenticator = Authenticator::new(&config.auth)
            .context(AuthenticationSnafu)?
            .with_metrics(auth_metrics.context(MetricsSnafu)?);
        let upgrade_risks =
            UpgradeRisks::new(settings.upgrade_risks_url.as_deref(), settings.request_timeout / 2)?;
        let public = PublicApi::new(database, Arc::new(CurrentContent::default()), settings, &metrics)?
            .with_requests(requests);
        let api = Api::new(
            settings,
            Arc::new(public),
            Arc::new(authenticator),
            metrics,
            telemetry.registry.clone(),
            upgrade_risks,
        );
        let condition = telemetry.health.condition(Dependency::DATABASE);
        let prefixes = (settings.api_prefix.clone(), settings.content_api_prefix.clone());
        Ok(Self { api: Arc::new(api), condition, prefixes })
    }

    /// Returns the operations, for other interfaces of the same process.
    pub fn public_api(&self) -> Arc<PublicApi> {
        Arc::clone(&self.api.public)
    }

    /// Returns the authenticator, for other interfaces of the same process.
    pub fn authenticator(&self) -> Arc<Authenticator> {
        Arc::clone(&self.api.authenticator)
    }

    /// Returns the endpoints, without those of health and metrics.
    pub fn router(&self) -> Router {
        let (prefix, content_prefix) = &self.prefixes;
        let metrics = &self.api.metrics;
        let router = |endpoints, prefix: &str, metrics: &EndpointMetrics| {
            api_router(endpoints, prefix, metrics, self.api.request_timeout)
        };
        router(v1(), &format!("{prefix}v1/"), &metrics.endpoints)
            .merge(without_fallback(router(v2(), &format!("{prefix}v2/"), &metrics.endpoints)))
            .merge(without_fallback(router(content_service(), content_prefix, &metrics.content_endpoints)))
            .merge(without_fallback(router(renderer(), "/", &metrics.content_endpoints)))
            .with_state(Arc::clone(&self.api))
    }

    /// Watches the database and the texts until `shutdown`.
    pub async fn work(&self, config: &Config, shutdown: &CancellationToken) {
        let (api, public) = (&self.api, &self.api.public);
        let versions = (AtomicU32::new(0), AtomicU32::new(0));
        tokio::join!(
            watch_database(&public.database, (&versions.0, &versions.1), &self.condition, shutdown),
            // The listener's state is large: on the heap, it does not add to the size of this future.
            Box::pin(follow_announcements(api, shutdown)),
            follow_rules(&public.content, &config.rules, shutdown),
            follow_content(api, shutdown),
        );
        public.database.close().await;
    }
}

/// Two routers with a fallback can't be merged; one has it for all.
fn without_fallback<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    router.reset_fallback()
}

/// Applies announcements of new reports until `shutdown`. While they can't be received, the caches are out of use.
async fn follow_announcements(api: &Api, shutdown: &CancellationToken) {
    let mut listener = ReportListener::new(&api.public.database);
    while let Some(change) = Box::pin(shutdown.run_until_cancelled(listener.next())).await {
        api.public.apply(change);
        if let Some(cache) = &api.cache {
            match change {
                ReportChange::Changed(report) => cache.invalidate(report.cluster_id),
                ReportChange::Everything => cache.resume(),
                ReportChange::Lost => cache.suspend(),
            }
        }
        api.metrics.is_listening.set(i64::from(change != ReportChange::Lost));
    }
}

/// Drops cached reports when the texts change.
async fn follow_content(api: &Arc<Api>, shutdown: &CancellationToken) {
    let (api, mut known) = (Arc::clone(api), api.public.content.get().version());
    run_periodically(CONTENT_CHECK_INTERVAL, shutdown, move || {
        let version = api.public.content.get().version();
        if version != known {
            api.invalidate_reports();
            known = version;
        }
    })
    .await;
}
