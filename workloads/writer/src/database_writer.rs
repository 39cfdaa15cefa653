//! The writers of the database: of many processes one is active, the one with the lease.

use ccx_service::{Dependency, Telemetry, Waited};
use ccx_storage::{Database, WriterLease};
use snafu::ResultExt;

use crate::{
    WriterError, error::DatabaseSnafu, member::Member, result::StoredResult, storage_retry::StorageRetry,
    store::Store,
};

/// Writes results while it has the lease, until the shutdown.
pub(crate) async fn run<R: StoredResult>(
    member: &Member<'_>,
    telemetry: &Telemetry,
) -> Result<(), WriterError> {
    let mut retry = member.retry(telemetry.health.condition(Dependency::DATABASE));
    let database = Database::connect(&member.config.database).context(DatabaseSnafu)?;
    let database = database.with_query_observer(member.metrics.query_observer());
    while let Some(lease) = tokio::select! {
        lease = wait_for_lease::<R>(member, &database, &mut retry) => lease,
        never = member.observe_without_consumer() => match never {},
    } {
        let store = Store::<R>::new(database.clone(), lease, retry, member.metrics.clone());
        retry = member.write(store).await?;
    }
    database.close().await;
    Ok(())
}

/// Waits for the lease; `None` at a shutdown. A writer that waits for another one to end is ready: otherwise a rolling update,
/// which ends the old writer when the new one is ready, would never end.
async fn wait_for_lease<R: StoredResult>(
    member: &Member<'_>,
    database: &Database,
    retry: &mut StorageRetry,
) -> Option<WriterLease> {
    while !member.shutdown.is_cancelled() {
        let acquired = match database.require_newest(R::LEASE.schema()).await {
            Ok(()) => {
                retry.succeeded();
                let lease = database.acquire_writer_lease(R::LEASE);
                member.shutdown.run_until_cancelled(retry.request(lease)).await?
            }
            Err(error) => Err(error),
        };
        match acquired {
            Ok(lease) => return Some(lease),
            Err(error) => {
                if retry.failed(&error).await == Waited::ShuttingDown {
                    return None;
                }
            }
        }
    }
    None
}
