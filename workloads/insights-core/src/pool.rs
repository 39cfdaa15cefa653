//! The pool of Python processes.

use std::{
    num::NonZero,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use ccx_config::InsightsCore;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::{info, warn};

use crate::{
    AdapterError, Metrics,
    protocol::{Handshake, Response},
    recycling::Recycling,
    worker::Worker,
};

/// Attempts at an archive on which a worker is lost.
const ATTEMPTS: u32 = 2;

/// Workers, at most as many as permits. The holder of a permit takes an idle worker or starts one.
pub(crate) struct Pool {
    settings: InsightsCore,
    metrics: Metrics,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Worker>>,
}

type Permit = OwnedSemaphorePermit;

impl Pool {
    /// Starts one worker, to fail early; the others are started on demand.
    pub(crate) async fn start(
        settings: InsightsCore,
        metrics: Metrics,
    ) -> Result<(Arc<Self>, Handshake), AdapterError> {
        let first = Worker::start(&settings).await?;
        let handshake = first.handshake.clone();
        metrics.workers.inc();
        let permits = Arc::new(Semaphore::new(workers(settings.workers)));
        Ok((Arc::new(Self { settings, metrics, permits, idle: Mutex::new(vec![first]) }), handshake))
    }

    /// Runs the rules on the archive in `folder`, as soon as a worker is free; in a second worker when the first is lost.
    pub(crate) async fn run(self: &Arc<Self>, folder: &Path) -> Result<Response, AdapterError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| AdapterError::Stopped)?;
        let mut attempt = 1;
        loop {
            let mut worker = self.worker().await?;
            match worker.run(folder, self.settings.archive_timeout).await {
                Err(error) if error.is_worker_lost() => {
                    self.discard(worker, &error).await;
                    if attempt == ATTEMPTS {
                        return Err(error);
                    }
                    attempt += 1;
                }
                outcome => {
                    self.put_back(worker, permit);
                    return outcome;
                }
            }
        }
    }

    async fn worker(&self) -> Result<Worker, AdapterError> {
        if let Some(worker) = self.idle().pop() {
            return Ok(worker);
        }
        let worker = Worker::start(&self.settings).await?;
        self.metrics.workers.inc();
        Ok(worker)
    }

    async fn discard(&self, worker: Worker, error: &AdapterError) {
        warn!(%error, archives = worker.usage.archives, "python worker lost");
        self.metrics.replaced.with_label_values(&[error.as_str()]).inc();
        self.metrics.workers.dec();
        worker.kill().await;
    }

    fn put_back(self: &Arc<Self>, worker: Worker, permit: Permit) {
        match worker.usage.recycling(&self.settings) {
            Recycling::Keep => self.idle().push(worker),
            Recycling::Replace(reason) => {
                info!(
                    reason,
                    archives = worker.usage.archives,
                    rss_bytes = worker.usage.rss_bytes,
                    "replacing python worker"
                );
                self.metrics.replaced.with_label_values(&[reason]).inc();
                tokio::spawn(Arc::clone(self).replace(worker, permit));
            }
        }
    }

    /// The permit is kept until there is a successor, so that unknown waits for one while an idle worker is there.
    async fn replace(self: Arc<Self>, old: Worker, permit: Permit) {
        match Worker::start(&self.settings).await {
            Ok(successor) => {
                self.idle().push(successor);
                self.metrics.workers.inc();
            }
            // The next holder of the permit retries, and reports the failure for its archive.
            Err(error) => warn!(%error, "failed to replace a Python worker"),
        }
        drop(permit);
        self.metrics.workers.dec();
        old.shut_down().await;
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Worker>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the number of workers. The engine of built-in rules runs at the same time, and one core is left for it.
fn workers(configured: usize) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, NonZero::get);
    if configured > 0 { configured } else { (cores() - 1).max(1) }
}
