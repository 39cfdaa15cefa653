//! Whether the database is there and has the schema that the queries are written for.

use std::time::Duration;

use ccx_service::Condition;
use ccx_storage::{Schema, StorageError};
use tokio_util::sync::CancellationToken;

use crate::api::{Api, SchemaVersions};

/// How often the database is asked: a pod leaves and enters the service within this time.
const CHECK_INTERVAL: Duration = Duration::from_secs(2);

/// A database that does not answer within this time is as good as away.
const CHECK_TIMEOUT: Duration = Duration::from_secs(10);

/// Keeps `condition` true to the database until `shutdown`.
pub(crate) async fn watch_database(api: &Api, condition: &Condition, shutdown: &CancellationToken) {
    let mut known_problem = None;
    while let Some(problem) = shutdown.run_until_cancelled(find_problem(api)).await {
        match &problem {
            None => condition.ready(),
            Some(problem) => condition.not_ready(problem.as_str()),
        }
        if problem != known_problem {
            log(problem.as_deref());
            known_problem = problem;
        }
        if shutdown.run_until_cancelled(tokio::time::sleep(CHECK_INTERVAL)).await.is_none() {
            return;
        }
    }
}

fn log(problem: Option<&str>) {
    match problem {
        None => tracing::info!("the database can be used again"),
        Some(problem) => tracing::warn!(problem, "the database can't be used"),
    }
}

/// What stands in the way of using the database, on one line.
async fn find_problem(api: &Api) -> Option<String> {
    match tokio::time::timeout(CHECK_TIMEOUT, check(api)).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some(format!("no answer within {} s", CHECK_TIMEOUT.as_secs())),
    }
}

async fn check(api: &Api) -> Result<(), StorageError> {
    api.database.require_current_schema().await?;
    SchemaVersions::record(&api.versions.public, Some(Schema::Public.newest()));
    SchemaVersions::record(&api.versions.dvo, api.database.schema_version(Schema::Dvo).await?);
    Ok(())
}
