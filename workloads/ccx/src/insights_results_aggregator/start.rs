//! `insights-results-aggregator start-service`

use axum::Router;
use ccx_aggregator::AggregatorError;
use ccx_compat::aggregator::{Backend, ExitStatus, Settings, StorageType};
use ccx_config::Config;
use ccx_service::{ServeError, Telemetry, error_chain, shutdown_signal};
use ccx_storage::{Database, Schema, StorageError};
use snafu::{ResultExt, Snafu};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use super::{consumer, migration::schema};
use crate::original::say;

/// The HTTP server failed.
#[derive(Debug, Snafu)]
enum ServerError {
    #[snafu(display("failed to start the server"))]
    Serve { source: ServeError },
    #[snafu(transparent)]
    Aggregator { source: AggregatorError },
}

/// Runs the REST API until SIGTERM, and with a broker the consumer beside it. The end of one ends the other.
pub(super) async fn start_service(settings: &Settings, config: &Config) -> ExitStatus {
    if let Err(status) = prepare_databases(settings).await {
        info!("database preparation exited with error code {}", status as u8);
        return status;
    }
    let signal = shutdown_signal();
    let shutdown = signal.child_token();
    tokio::spawn(async move {
        signal.cancelled().await;
        say("SIGINT or SIGTERM was sent, stopping the service...");
    });
    let telemetry = Telemetry::default();
    let serving = async {
        let result = serve(&telemetry, settings, config, shutdown.clone()).await;
        shutdown.cancel();
        result.map_err(|cause| error!(error = error_chain(&cause), "Server start failure"))
    };
    let consuming = async {
        if !settings.broker.enabled {
            info!("Broker is disabled, not starting it");
            return Ok(());
        }
        let result = consumer::run(&telemetry, settings, config, &shutdown).await;
        shutdown.cancel();
        result.map_err(|cause| error!(error = error_chain(&cause), "Consumer start failure"))
    };
    match tokio::join!(serving, consuming) {
        (Ok(()), Ok(())) => ExitStatus::Ok,
        _ => ExitStatus::Error,
    }
}

/// Serves the API over the database, or health and metrics alone when no storage is a database.
async fn serve(
    telemetry: &Telemetry,
    settings: &Settings,
    config: &Config,
    shutdown: CancellationToken,
) -> Result<(), ServerError> {
    let listener = ccx_service::bind(config.aggregator.listen).context(ServeSnafu)?;
    let uses_database = settings
        .used_backends()
        .is_ok_and(|used| used.iter().any(|(_, storage_type)| *storage_type == StorageType::Sql));
    if uses_database {
        return Ok(ccx_aggregator::run_with(telemetry, listener, config, shutdown).await?);
    }
    let router = telemetry_router(telemetry, &config.aggregator.api_prefix);
    ccx_service::serve(listener, router, shutdown, config.aggregator.shutdown_timeout).await;
    Ok(())
}

/// Returns the routes of health and metrics, also below the prefix of the API.
fn telemetry_router(telemetry: &Telemetry, prefix: &str) -> Router {
    match prefix.trim_end_matches('/') {
        "" => telemetry.routes(),
        prefix => telemetry.routes().nest(prefix, telemetry.routes()),
    }
}

/// Fails unless the database of every storage can be used.
async fn prepare_databases(settings: &Settings) -> Result<(), ExitStatus> {
    let used = settings.used_backends().map_err(|cause| {
        error!(error = error_chain(&cause), "Error creating storage");
        ExitStatus::Database
    })?;
    for (backend, storage_type) in used {
        match storage_type {
            StorageType::Sql => check_version(settings, backend).await?,
            StorageType::Redis | StorageType::Noop => info!("Skipping migration for non-SQL database type"),
        }
    }
    Ok(())
}

/// Fails unless the schema of `backend` has the version that this release works with.
async fn check_version(settings: &Settings, backend: Backend) -> Result<(), ExitStatus> {
    let schema = schema(backend);
    let version = match settings.database(backend) {
        Ok(database) => read_version(&database, schema).await.map_err(|cause| error_chain(&cause)),
        Err(cause) => Err(error_chain(&cause)),
    };
    match version {
        Ok(current) if current == schema.newest() => Ok(()),
        Ok(current) => {
            let latest = schema.newest();
            error!("old DB migration version (current: {current}, latest: {latest})");
            Err(ExitStatus::Database)
        }
        Err(cause) => {
            error!(error = cause, "unable to check DB migration version");
            Err(ExitStatus::Database)
        }
    }
}

async fn read_version(settings: &ccx_config::Database, schema: Schema) -> Result<u32, StorageError> {
    let database = Database::connect(settings)?;
    let version = database.schema_version(schema).await;
    database.close().await;
    Ok(version?.unwrap_or(0))
}
