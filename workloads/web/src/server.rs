//! The process: the public API, and the page beside it.

use std::sync::Arc;

use ccx_config::{Config, SecretError, Web};
use ccx_messages::ErrorClass;
use ccx_service::{ServeError, Telemetry};
use ccx_smart_proxy::{Service, SmartProxyError};
use chrono::Utc;
use snafu::{ResultExt as _, Snafu};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    Page, PageSettings,
    console_metrics::{ConsoleMetrics, ConsoleMetricsError},
    router,
};

/// The page, or the API below it, can't run.
#[derive(Debug, Snafu)]
pub enum WebError {
    /// The address can't be listened on.
    #[snafu(display("failed to start the server"))]
    Serve {
        /// The cause.
        source: ServeError,
    },
    /// The public API can't run.
    #[snafu(transparent)]
    SmartProxy {
        /// The cause.
        source: SmartProxyError,
    },
    /// The secret can't be read.
    #[snafu(display("failed to read web.secret_file"))]
    Secret {
        /// The cause.
        source: SecretError,
    },
    /// The metrics for the console can't be exported.
    #[snafu(transparent)]
    ConsoleMetrics {
        /// The cause.
        source: ConsoleMetricsError,
    },
}

impl WebError {
    /// Returns whether starting again later can help.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Serve { .. } => ErrorClass::Transient,
            Self::SmartProxy { source } => source.class(),
            Self::Secret { .. } | Self::ConsoleMetrics { .. } => ErrorClass::BadInput,
        }
    }

    /// Returns whether the address can't be listened on.
    pub fn is_address_taken(&self) -> bool {
        matches!(self, Self::Serve { .. } | Self::SmartProxy { source: SmartProxyError::Serve { .. } })
    }
}

/// Runs the smart proxy with the page until `shutdown`; then requests in flight finish.
pub async fn run(config: &Config, shutdown: CancellationToken) -> Result<(), WebError> {
    let listener = ccx_service::bind(config.smart_proxy.listen).context(ServeSnafu)?;
    run_on(listener, config, shutdown).await
}

/// Runs the smart proxy with the page on a listener that the caller has bound already; see [`run`].
pub async fn run_on(
    listener: TcpListener,
    config: &Config,
    shutdown: CancellationToken,
) -> Result<(), WebError> {
    let telemetry = Telemetry::default();
    let service = Service::new(&telemetry, config)?;
    let console = ConsoleMetrics::new(&telemetry.registry, &config.web)?;
    let mut routes = service.router().merge(telemetry.routes());
    if config.web.enabled {
        let settings = PageSettings { secret: secret(&config.web)?, now: Utc::now };
        let source: Arc<ccx_smart_proxy::PublicApi> = service.public_api();
        routes = routes.merge(router(Page::new(source, service.authenticator(), &settings)));
    }
    let settings = &config.smart_proxy;
    tracing::info!(address = %settings.listen, prefix = settings.api_prefix, page = config.web.enabled, "serving the public API");
    let public = service.public_api();
    tokio::join!(
        ccx_service::serve(listener, routes, shutdown.clone(), settings.shutdown_timeout),
        service.work(config, &shutdown),
        async {
            if let Some(console) = console {
                console.follow(&*public, &shutdown).await;
            }
        },
    );
    Ok(())
}

/// Returns the configured secret, or a random one.
fn secret(settings: &Web) -> Result<Vec<u8>, WebError> {
    let configured = settings.secret().context(SecretSnafu)?;
    Ok(configured.map_or_else(|| rand::random::<[u8; 32]>().into(), |secret| secret.expose().into()))
}
