//! Readiness, as far as the object storage is concerned.

use std::time::Duration;

use ccx_service::{Condition, error_chain};
use ccx_transport::ObjectStore;
use tokio_util::sync::CancellationToken;

/// The interval of the probes.
const INTERVAL: Duration = Duration::from_secs(5);

/// Asks for the bucket until `shutdown`, and reports the outcome to `condition`.
pub(crate) async fn probe_periodically(
    store: &ObjectStore,
    bucket: &str,
    condition: &Condition,
    shutdown: &CancellationToken,
) {
    loop {
        let Some(probed) = shutdown.run_until_cancelled(store.reachable(bucket)).await else { return };
        match probed {
            Ok(()) => condition.ready(),
            Err(error) => condition.not_ready(error_chain(&error)),
        }
        if shutdown.run_until_cancelled(tokio::time::sleep(INTERVAL)).await.is_none() {
            return;
        }
    }
}
