//! The process: the public API, and the page beside it.

use std::sync::Arc;

use ccx_auth::{Authenticator, ClientError, OidcLogin};
use ccx_config::{Config, SecretError, Web};
use ccx_messages::ErrorClass;
use ccx_service::{ServeError, Telemetry};
use ccx_smart_proxy::{Service, SmartProxyError};
use chrono::Utc;
use snafu::{ResultExt as _, Snafu, ensure};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    LoginSettings, Page, PageSettings, Uploads,
    console_metrics::{ConsoleMetrics, ConsoleMetricsError},
    router,
};

/// The shortest secret, in bytes: that of the keys that are derived from it.
const MIN_SECRET_BYTES: usize = 32;

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
    /// The secrets can't be read.
    #[snafu(display("failed to read web.secret_file"))]
    Secret {
        /// The cause.
        source: SecretError,
    },
    /// A secret is too short to be random.
    #[snafu(display(
        "a line of web.secret_file is shorter than {MIN_SECRET_BYTES} characters, or the file is empty"
    ))]
    ShortSecret,
    /// The login can't be set up.
    #[snafu(display("failed to set up [web.login]"))]
    Login {
        /// The cause.
        source: ClientError,
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
            Self::Secret { .. } | Self::ShortSecret | Self::Login { .. } | Self::ConsoleMetrics { .. } => {
                ErrorClass::BadInput
            }
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
    run_on(listener, config, None, shutdown).await
}

/// Runs the smart proxy with the page on a listener that the caller has bound already; see [`run`]. With `uploads`, the page takes
/// archives.
pub async fn run_on(
    listener: TcpListener,
    config: &Config,
    uploads: Option<Arc<dyn Uploads>>,
    shutdown: CancellationToken,
) -> Result<(), WebError> {
    let telemetry = Telemetry::default();
    let service = Service::new(&telemetry, config)?;
    let console = ConsoleMetrics::new(&telemetry.registry, &config.web)?;
    let mut routes = service.router().merge(telemetry.routes());
    if config.web.enabled {
        let settings = PageSettings {
            secrets: secrets(&config.web)?,
            stale_after: config.smart_proxy.stale_after,
            login: login(config, &service.authenticator())?,
            uploads,
            now: Utc::now,
        };
        let source: Arc<ccx_smart_proxy::PublicApi> = service.public_api();
        routes = routes.merge(router(Page::new(source, service.authenticator(), settings)));
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

/// Returns the configured secrets, or a random one.
fn secrets(settings: &Web) -> Result<Vec<Vec<u8>>, WebError> {
    let configured = settings.secrets().context(SecretSnafu)?;
    if settings.secret.is_none() && settings.secret_file.is_none() {
        return Ok(vec![rand::random::<[u8; MIN_SECRET_BYTES]>().into()]);
    }
    let is_long = |secret: &ccx_config::Secret| secret.expose().len() >= MIN_SECRET_BYTES;
    ensure!(!configured.is_empty() && configured.iter().all(is_long), ShortSecretSnafu);
    Ok(configured.iter().map(|secret| secret.expose().into()).collect())
}

fn login(config: &Config, authenticator: &Authenticator) -> Result<Option<LoginSettings>, WebError> {
    let oidc = OidcLogin::new(config).context(LoginSnafu)?;
    let (Some(oidc), Some(url)) = (oidc, &config.web.login.url) else { return Ok(None) };
    let oidc = match authenticator.metrics() {
        Some(metrics) => oidc.with_metrics(metrics),
        None => oidc,
    };
    Ok(Some(LoginSettings { oidc, url: url.clone(), max_session: config.web.login.max_session }))
}
