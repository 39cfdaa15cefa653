//! The Python processes, and which archive goes to which.

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
    lifetime::Verdict,
    protocol::{Done, Hello},
    worker::Worker,
};

/// An archive on which a worker was lost is tried so often in all.
const ATTEMPTS: u32 = 2;

/// As many workers as there are seats, at most. Whoever has a seat takes an idle worker or starts one.
pub(crate) struct Pool {
    settings: InsightsCore,
    metrics: Metrics,
    seats: Arc<Semaphore>,
    idle: Mutex<Vec<Worker>>,
}

type Seat = OwnedSemaphorePermit;

impl Pool {
    /// Starts one worker, to see that it can be done; the others follow when they are needed.
    pub(crate) async fn start(
        settings: InsightsCore,
        metrics: Metrics,
    ) -> Result<(Arc<Self>, Hello), AdapterError> {
        let first = Worker::start(&settings).await?;
        let hello = first.hello.clone();
        metrics.workers.inc();
        let seats = Arc::new(Semaphore::new(workers(settings.workers)));
        Ok((Arc::new(Self { settings, metrics, seats, idle: Mutex::new(vec![first]) }), hello))
    }

    /// Runs the rules on the archive in `folder`, as soon as a worker is free; in a second worker when the first is lost.
    pub(crate) async fn run(self: &Arc<Self>, folder: &Path) -> Result<Done, AdapterError> {
        let seat = Arc::clone(&self.seats).acquire_owned().await.map_err(|_| AdapterError::Stopped)?;
        let mut attempt = 1;
        loop {
            let mut worker = self.worker().await?;
            match worker.run(folder, self.settings.archive_timeout).await {
                Err(error) if error.lost_worker() => {
                    self.bury(worker, &error).await;
                    if attempt == ATTEMPTS {
                        return Err(error);
                    }
                    attempt += 1;
                }
                outcome => {
                    self.put_back(worker, seat);
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

    async fn bury(&self, worker: Worker, error: &AdapterError) {
        warn!(%error, archives = worker.life.archives, "a Python worker is lost");
        self.metrics.replaced.with_label_values(&[error.as_str()]).inc();
        self.metrics.workers.dec();
        worker.kill().await;
    }

    fn put_back(self: &Arc<Self>, worker: Worker, seat: Seat) {
        match worker.life.verdict(&self.settings) {
            Verdict::Keep => self.idle().push(worker),
            Verdict::Replace(reason) => {
                info!(
                    reason,
                    archives = worker.life.archives,
                    rss_bytes = worker.life.rss_bytes,
                    "a Python worker is replaced"
                );
                self.metrics.replaced.with_label_values(&[reason]).inc();
                tokio::spawn(Arc::clone(self).replace(worker, seat));
            }
        }
    }

    /// The seat is kept until there is a successor, so that nobody waits for one while an idle worker is there.
    async fn replace(self: Arc<Self>, old: Worker, seat: Seat) {
        match Worker::start(&self.settings).await {
            Ok(successor) => {
                self.idle().push(successor);
                self.metrics.workers.inc();
            }
            // Whoever takes the seat tries again, and has the archive to say so for.
            Err(error) => warn!(%error, "failed to replace a Python worker"),
        }
        drop(seat);
        self.metrics.workers.dec();
        old.dismiss().await;
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Worker>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Our own engine works on the same archive at the same time; one core stays for it.
fn workers(configured: usize) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, NonZero::get);
    if configured > 0 { configured } else { (cores() - 1).max(1) }
}
