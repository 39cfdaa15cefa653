//! `insights-results-aggregator migration [VERSION]`

use ccx_compat::aggregator::{Backend, ExitStatus, MigrationTarget, Settings};
use ccx_service::error_chain;
use ccx_storage::{Database, Schema, StorageError};
use tracing::{error, info};

/// Reports or changes the version of the schema that the settings name.
pub(super) async fn migrate(
    settings: &Settings,
    database: &ccx_config::Database,
    target: &MigrationTarget,
) -> ExitStatus {
    let Some(backend) = settings.backend() else {
        error!("storage backend does not support database migrations");
        return ExitStatus::Migration;
    };
    let schema = schema(backend);
    let (database, current) = match open(database, schema).await {
        Ok(opened) => opened,
        Err(cause) => {
            error!(error = error_chain(&cause), "Unable to prepare DB for migrations");
            return ExitStatus::Database;
        }
    };
    let status = match target {
        MigrationTarget::Report => {
            info!("Current DB version: {current}");
            info!("Maximum available version: {}", schema.newest());
            ExitStatus::Ok
        }
        MigrationTarget::Latest => set_version(&database, schema, schema.newest()).await,
        MigrationTarget::Version(version) if *version > schema.newest() => {
            let reason = format!("invalid target version (available version range is 0-{})", schema.newest());
            error!(error = reason, "Unable to perform migration");
            ExitStatus::Migration
        }
        MigrationTarget::Version(version) => set_version(&database, schema, *version).await,
        MigrationTarget::NotAVersion(text) => {
            error!(error = format!("{text:?} is not a number"), "Unable to parse target migration version");
            ExitStatus::Migration
        }
        MigrationTarget::TooManyArguments => {
            error!("Unexpected number of arguments to migrations command (expected 0-1)");
            ExitStatus::Migration
        }
    };
    database.close().await;
    status
}

/// Returns the schema of a storage backend.
pub(super) fn schema(backend: Backend) -> Schema {
    match backend {
        Backend::OcpRecommendations => Schema::Public,
        Backend::DvoRecommendations => Schema::Dvo,
    }
}

/// Connects, and returns the schema's version. A schema without one gets version 0, as the original does.
async fn open(settings: &ccx_config::Database, schema: Schema) -> Result<(Database, u32), StorageError> {
    let database = Database::connect(settings)?;
    let version = match database.schema_version(schema).await? {
        Some(version) => version,
        None => database.migrate_to(schema, 0).await?.to,
    };
    Ok((database, version))
}

async fn set_version(database: &Database, schema: Schema, version: u32) -> ExitStatus {
    match database.migrate_to(schema, version).await {
        Ok(_) => {
            info!("Database version is now {version}");
            ExitStatus::Ok
        }
        Err(cause) => {
            error!(error = error_chain(&cause), "Unable to perform migration");
            ExitStatus::Migration
        }
    }
}
