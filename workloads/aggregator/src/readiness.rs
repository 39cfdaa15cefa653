//! Readiness: whether the database is reachable and has the schema that the queries are written for.

use std::{sync::atomic::AtomicU32, time::Duration};

use ccx_service::Condition;
use ccx_storage::{Database, Schema, StorageError};
use tokio_util::sync::CancellationToken;

use crate::api::SchemaVersions;

/// How often the database is checked: a pod leaves and enters the service within this time.
const CHECK_INTERVAL: Duration = Duration::from_secs(2);

/// A database without an answer within this time is unavailable.
const CHECK_TIMEOUT: Duration = Duration::from_secs(10);

/// Sets `condition` to the state of the database, and `versions` to those of its schemas `public` and `dvo`, until `shutdown`.
///
/// The check has a connection of its own. If it waited for one behind requests, an overload would take all pods out of the
/// service at once.
pub async fn watch_database(
    own: &Database,
    versions: (&AtomicU32, &AtomicU32),
    condition: &Condition,
    shutdown: &CancellationToken,
) {
    let mut database = None;
    let mut known_problem = None;
    while let Some(problem) = shutdown.run_until_cancelled(find_problem(own, versions, &mut database)).await {
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
async fn find_problem(
    own: &Database,
    versions: (&AtomicU32, &AtomicU32),
    database: &mut Option<Database>,
) -> Option<String> {
    match tokio::time::timeout(CHECK_TIMEOUT, check(own, versions, database)).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(ccx_service::error_chain(&error)),
        Err(_) => Some(format!("no answer within {} s", CHECK_TIMEOUT.as_secs())),
    }
}

async fn check(
    own: &Database,
    (public, dvo): (&AtomicU32, &AtomicU32),
    database: &mut Option<Database>,
) -> Result<(), StorageError> {
    let database = match database {
        Some(database) => database,
        None => database.insert(own.with_own_connection()?),
    };
    database.require_newest(Schema::Public).await?;
    SchemaVersions::record(public, Some(Schema::Public.newest()));
    SchemaVersions::record(dvo, database.schema_version(Schema::Dvo).await?);
    Ok(())
}
