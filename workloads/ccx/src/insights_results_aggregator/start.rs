//! `insights-results-aggregator start-service`

use ccx_compat::aggregator::{Backend, ExitStatus, Settings, StorageType};
use ccx_config::Config;
use ccx_service::{error_chain, shutdown_signal};
use ccx_storage::{Database, StorageError};
use tracing::{error, info};

use super::migration::schema;
use crate::commands::workload::WorkloadError;

/// Runs the role that the settings name until SIGTERM: the writer with a broker, else the REST API.
pub(super) async fn start_service(settings: &Settings, config: &Config) -> ExitStatus {
    if let Err(status) = prepare_databases(settings).await {
        info!("database preparation exited with error code {}", status as u8);
        return status;
    }
    let result = if settings.broker.enabled {
        let mut config = config.clone();
        config.writer.listen = config.aggregator.listen;
        Box::pin(ccx_writer::run(&config, shutdown_signal()))
            .await
            .map_err(|source| WorkloadError::Writer { source })
    } else {
        info!("Broker is disabled, not starting it");
        ccx_aggregator::run(config, shutdown_signal())
            .await
            .map_err(|source| WorkloadError::Aggregator { source })
    };
    match result {
        Ok(()) => ExitStatus::Ok,
        Err(cause) => {
            let message =
                if settings.broker.enabled { "Consumer start failure" } else { "Server start failure" };
            error!(error = error_chain(&cause), "{message}");
            ExitStatus::Error
        }
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
    let version = match settings.config(backend) {
        Ok(config) => read_version(&config, backend).await.map_err(|cause| error_chain(&cause)),
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

async fn read_version(config: &Config, backend: Backend) -> Result<u32, StorageError> {
    let database = Database::connect(&config.database)?;
    let version = database.schema_version(schema(backend)).await;
    database.close().await;
    Ok(version?.unwrap_or(0))
}
