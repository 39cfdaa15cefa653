//! Waiting for the storage: the database, or Valkey.

use std::{error::Error, pin::pin, time::Duration};

use ccx_config::Retry;
use ccx_service::{Backoff, Condition, Heartbeat, Waited, error_chain};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::metrics::Metrics;

/// Interval of heartbeats during a request to the storage. A request has a time limit of its own, which may be longer than the
/// liveness limit.
const BEAT_INTERVAL: Duration = Duration::from_secs(10);

/// Retries requests to the storage until the shutdown, and keeps the workload's health meanwhile.
pub(crate) struct StorageRetry {
    backoff: Backoff,
    condition: Condition,
    heartbeat: Heartbeat,
    metrics: Metrics,
    shutdown: CancellationToken,
}

impl StorageRetry {
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
        beat_during(&self.heartbeat, BEAT_INTERVAL, request).await
    }

    /// Reports a successful request.
    pub(crate) fn succeeded(&mut self) {
        if self.backoff.failures() > 0 {
            info!(failures = self.backoff.failures(), "storage available again");
        }
        self.backoff.reset();
        self.condition.ready();
    }

    /// Reports a failed request, and waits until the next attempt is due. The writer is not active meanwhile.
    pub(crate) async fn failed(&mut self, error: &(dyn Error + Sync)) -> Waited {
        let error = error_chain(error);
        if self.backoff.failures() == 0 {
            warn!(error, "storage unavailable or not as expected, retrying");
        } else {
            debug!(error, failures = self.backoff.failures(), "storage still unavailable");
        }
        self.condition.not_ready(error);
        self.metrics.active.set(0);
        self.metrics.storage_retries.inc();
        self.heartbeat.beat();
        self.backoff.wait(&self.shutdown).await
    }
}

/// Waits for a request, with a heartbeat at its start and then at every `interval`.
async fn beat_during<T>(heartbeat: &Heartbeat, interval: Duration, request: impl Future<Output = T>) -> T {
    let mut request = pin!(request);
    loop {
        heartbeat.beat();
        if let Ok(answer) = timeout(interval, &mut request).await {
            return answer;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use ccx_service::Health;
    use ccx_test_support::eventually_async;

    use super::*;

    #[tokio::test]
    async fn request_longer_than_the_liveness_limit_stays_alive() {
        let health = Health::new();
        let limit = Duration::from_mins(1);
        let heartbeat = health.heartbeat("writer", limit);
        let last_beat = heartbeat.clone();
        let request = async {
            last_beat.beat_at(Instant::now().checked_sub(2 * limit).expect("the machine runs for minutes"));
            assert!(health.liveness().is_err(), "the request has taken longer than the limit");
            eventually_async("a heartbeat during the request", async || health.liveness()).await;
            "answer"
        };
        let interval = Duration::from_millis(5);
        assert_eq!(beat_during(&heartbeat, interval, request).await, "answer");
    }
}
