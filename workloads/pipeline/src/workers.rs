//! The threads that unpack archives and run rules.

use std::{num::NonZero, sync::Arc};

use bytes::Bytes;
use ccx_archive::Limits;
use ccx_messages::Announce;
use snafu::ResultExt;
use tokio::sync::Semaphore;

use crate::{
    Judges,
    error::{PanickedSnafu, ProcessSnafu, RecordError},
    flight::Passage,
    process::{Processed, process},
    weight,
    workloads::Workloads,
};

/// As many threads of the runtime's blocking pool as there are seats. Who waits for a seat has one of [`Flight`]'s, so the queue
/// before the threads is as short as those are few.
///
/// [`Flight`]: crate::flight::Flight
pub(crate) struct Workers {
    seats: Semaphore,
    judges: Arc<Judges>,
    workloads: Arc<Workloads>,
    limits: Arc<Limits>,
}

impl Workers {
    /// `threads` threads; 0 means one for each core.
    pub(crate) fn new(threads: usize, judges: Judges, workloads: Workloads, limits: Limits) -> Self {
        let cores = || std::thread::available_parallelism().map_or(1, NonZero::get);
        let threads = if threads == 0 { cores() } else { threads };
        let (judges, workloads, limits) = (Arc::new(judges), Arc::new(workloads), Arc::new(limits));
        Self { seats: Semaphore::new(threads), judges, workloads, limits }
    }

    /// Processes an archive on one of the threads, as soon as one is free and there is memory for its content.
    ///
    /// A panic is an error of this archive and nothing else.
    pub(crate) async fn process(
        &self,
        archive: Bytes,
        announce: &Arc<Announce>,
        passage: &mut Passage,
    ) -> Result<Processed, RecordError> {
        let _seat = self.seats.acquire().await;
        passage.unpack(weight::unpacked_bytes(&archive, &self.limits)).await;
        let (announce, judges, limits) =
            (Arc::clone(announce), Arc::clone(&self.judges), Arc::clone(&self.limits));
        let workloads = Arc::clone(&self.workloads);
        let process = move || process(archive, &announce, &judges, &workloads, &limits);
        let work = tokio::task::spawn_blocking(process);
        let processed = match work.await {
            Ok(processed) => processed.context(ProcessSnafu)?,
            Err(error) => return PanickedSnafu { message: error.to_string() }.fail(),
        };
        let workloads_bytes = processed.workloads_message.as_ref().map_or(0, Vec::len);
        passage.produced((processed.message.len() + workloads_bytes) as u64);
        Ok(processed)
    }
}
