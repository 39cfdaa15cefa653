//! Waiting for the database.

use std::{pin::pin, time::Duration};

use ccx_config::Retry;
use ccx_service::{Backoff, Condition, Heartbeat, Waited, error_chain};
use ccx_storage::StorageError;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::metrics::Metrics;

/// Interval of heartbeats during a request to the database. A request has a time limit of its own, which may be longer than the
/// liveness limit.
const BEAT_INTERVAL: Duration = Duration::from_secs(10);

/// Retries requests to the database until the shutdown, and keeps the workload's health meanwhile.
pub(crate) struct DatabaseRetry {
    backoff: Backoff,
    condition: Condition,
    heartbeat: Heartbeat,
    metrics: Metrics,
    shutdown: CancellationToken,
}

impl DatabaseRetry {
    pub(crate) fn new(
        retry: &Retry,
        condition: Condition,
        heartbeat: Heartbeat,
        metrics: Metrics,
        shutdown: CancellationToken,
    ) -> Self {
        Self { backoff: Backoff::new(retry), condition, heartbeat, metrics, shutdown }
    }

    /// Waits for a request, however long it takes, and stays alive.
    pub(crate) async fn request<T>(&self, request: impl Future<Output = T>) -> T {
        let mut request = pin!(request);
        loop {
            self.heartbeat.beat();
            if let Ok(answer) = timeout(BEAT_INTERVAL, &mut request).await {
                return answer;
            }
        }
    }

    /// Reports a successful request.
    pub(crate) fn succeeded(&mut self) {
        if self.backoff.failures() > 0 {
            info!(failures = self.backoff.failures(), "database available again");
        }
        self.backoff.reset();
        self.condition.ready();
    }

    /// Reports a failed request, and waits until the next attempt is due. The writer is not active meanwhile.
    pub(crate) async fn failed(&mut self, error: StorageError) -> Waited {
        let error = error_chain(&error);
        if self.backoff.failures() == 0 {
            warn!(error, "database unavailable or not as expected, retrying");
        } else {
            debug!(error, failures = self.backoff.failures(), "database still unavailable");
        }
        self.condition.not_ready(error);
        self.metrics.active.set(0);
        self.metrics.storage_retries.inc();
        self.heartbeat.beat();
        self.backoff.wait(&self.shutdown).await
    }
}
