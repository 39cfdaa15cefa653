//! Whether the database is there and has the schema that the queries are written for.

use std::time::Duration;

use ccx_service::Condition;
use ccx_storage::StorageError;
use tokio_util::sync::CancellationToken;

use crate::api::{Api, SchemaVersions};

/// How often the database is asked: a pod leaves and enters the service within this time.
const CHECK_INTERVAL: Duration = Duration::from_secs(2);

/// Keeps `condition` true to the database until `shutdown`.
pub(crate) async fn watch_database(api: &Api, condition: &Condition, shutdown: &CancellationToken) {
    let mut was_ready = None;
    loop {
        let outcome = check(api).await;
        let is_ready = outcome.is_ok();
        match outcome {
            Ok(()) => condition.ready(),
            Err(error) => {
                let reason = snafu::Report::from_error(&error).to_string();
                if was_ready != Some(false) {
                    tracing::warn!(error = reason.trim_end(), "the database can't be used");
                }
                condition.not_ready(error.to_string());
            }
        }
        if is_ready && was_ready == Some(false) {
            tracing::info!("the database can be used again");
        }
        was_ready = Some(is_ready);
        if shutdown.run_until_cancelled(tokio::time::sleep(CHECK_INTERVAL)).await.is_none() {
            return;
        }
    }
}

async fn check(api: &Api) -> Result<(), StorageError> {
    api.database.require_current_schema().await?;
    SchemaVersions::saw(&api.versions.public, Some(ccx_storage::SCHEMA_VERSION));
    SchemaVersions::saw(&api.versions.dvo, api.database.dvo_schema_version().await?);
    Ok(())
}
