//! The threads that unpack archives and run rules.

use std::{num::NonZero, sync::Arc, time::Duration};

use bytes::Bytes;
use ccx_archive::{Archive, Limits};
use ccx_messages::Announce;
use snafu::ResultExt;
use tokio::sync::Semaphore;

use crate::{
    RuleEngines,
    archive_meter::ArchiveMeter,
    error::{PanickedSnafu, ProcessSnafu, RecordError},
    memory_budget::Reservation,
    memory_estimate,
    process::{ArchiveSnafu, ProcessError, Processed, process},
    roles::Roles,
};

/// The most threads unless more are configured: each may hold an archive and what the rules parse of it, and a pod without a
/// CPU limit sees all cores of its node.
const MAX_DEFAULT_THREADS: usize = 8;

/// A number of threads of the runtime's blocking pool. An archive that waits for one has a permit of the [`MemoryBudget`], so
/// few wait.
///
/// [`MemoryBudget`]: crate::memory_budget::MemoryBudget
pub(crate) struct Workers {
    threads: Semaphore,
    work: Arc<Work>,
}

/// Everything that a thread needs.
pub(crate) struct Work {
    /// The rules.
    pub(crate) engines: RuleEngines,
    /// The parts of the work.
    pub(crate) roles: Roles,
    /// The limits of an archive.
    pub(crate) limits: Limits,
    /// The time for reading an archive and running the rules on it.
    pub(crate) archive_timeout: Duration,
}

impl Workers {
    /// Uses `threads` threads; 0 means one for each CPU of the container's limit, at most [`MAX_DEFAULT_THREADS`].
    pub(crate) fn new(threads: usize, work: Work) -> Self {
        let threads = if threads == 0 { default_threads() } else { threads };
        Self { threads: Semaphore::new(threads), work: Arc::new(work) }
    }

    /// Processes an upload on one of the threads, as soon as one is free and there is memory for the content. The reservation
    /// that comes back is for the result.
    ///
    /// `kept_bytes` of the upload are still needed then. A panic is an error of this archive and nothing else.
    pub(crate) async fn process(
        &self,
        upload: Bytes,
        announce: &Arc<Announce>,
        kept_bytes: u64,
        mut reservation: Reservation,
    ) -> Result<(Processed, Reservation), RecordError> {
        let _thread = self.threads.acquire().await;
        reservation.unpack(memory_estimate::content_bytes(&upload, &self.work.limits)).await;
        let (work, announce) = (Arc::clone(&self.work), Arc::clone(announce));
        // The reservation stays with the memory, even if the task that waits here is aborted.
        let task = tokio::task::spawn_blocking(move || {
            let processed = work.process(upload, &announce, &mut reservation);
            (processed, reservation)
        });
        let (processed, mut reservation) = match task.await {
            Ok((processed, reservation)) => (processed.context(ProcessSnafu)?, reservation),
            Err(error) => return PanickedSnafu { message: error.to_string() }.fail(),
        };
        reservation.produced(processed.message_bytes() + kept_bytes);
        Ok((processed, reservation))
    }
}

impl Work {
    fn process(
        &self,
        upload: Bytes,
        announce: &Announce,
        reservation: &mut Reservation,
    ) -> Result<Processed, ProcessError> {
        let mut meter = ArchiveMeter::new(reservation, self.archive_timeout);
        let archive = Archive::read_metered(upload, &self.limits, &mut meter).context(ArchiveSnafu)?;
        meter.finish(&archive);
        process(&archive, announce, &self.engines, &self.roles, Some(meter.deadline()))
    }
}

/// The CPUs that the process may use: its affinity and the CPU limit of its cgroup (v1 and v2), which the standard library
/// reads, not the cores of the node.
fn default_threads() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get).min(MAX_DEFAULT_THREADS)
}
