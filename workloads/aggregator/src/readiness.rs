//! Readiness: whether the database is reachable and has the schema that the queries are written for.

use std::time::Duration;

use ccx_service::Condition;
use ccx_storage::{Database, Schema, StorageError};
use tokio_util::sync::CancellationToken;

use crate::api::{Api, SchemaVersions};

/// How often the database is checked: a pod leaves and enters the service within this time.
const CHECK_INTERVAL: Duration = Duration::from_secs(2);

/// A database without an answer within this time is unavailable.
const CHECK_TIMEOUT: Duration = Duration::from_secs(10);

/// Sets `condition` to the state of the database until `shutdown`.
///
/// The check has a connection of its own. If it waited for one behind requests, an overload would take all pods out of the
/// service at once.
pub(crate) async fn watch_database(api: &Api, condition: &Condition, shutdown: &CancellationToken) {
    let mut database = None;
    let mut known_problem = None;
    while let Some(problem) = shutdown.run_until_cancelled(find_problem(api, &mut database)).await {
        match &problem {
            None => condition.ready(),
            Some(problem) => {
                condition.not_ready(problem.as_str());
                database = None;
            }
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
        None => tracing::info!("database available again"),
        Some(problem) => tracing::warn!(problem, "database unavailable"),
    }
}

/// Returns the reason why the database can't be used, on one line. `database` keeps the connection for the next check.
async fn find_problem(api: &Api, database: &mut Option<Database>) -> Option<String> {
    match tokio::time::timeout(CHECK_TIMEOUT, check(api, database)).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(ccx_service::error_chain(&error)),
        Err(_) => Some(format!("no answer within {} s", CHECK_TIMEOUT.as_secs())),
    }
}

async fn check(api: &Api, database: &mut Option<Database>) -> Result<(), StorageError> {
    let database = match database {
        Some(database) => database,
        None => database.insert(api.database.with_own_connection()?),
    };
    database.require_newest(Schema::Public).await?;
    SchemaVersions::record(&api.versions.public, Some(Schema::Public.newest()));
    SchemaVersions::record(&api.versions.dvo, database.schema_version(Schema::Dvo).await?);
    Ok(())
}
