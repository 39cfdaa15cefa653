//! Downloads of archives: attempts, the waits between them, and the memory for them.

use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use bytesize::ByteSize;
use ccx_config::{ArchiveLimits, Config, Retry};
use ccx_messages::ErrorClass;
use ccx_service::{Backoff, Waited, error_chain};
use ccx_transport::{DownloadError, Downloader, StorageSignal};
use snafu::{IntoError, ResultExt};
use tokio_util::sync::CancellationToken;

use crate::{
    error::{DownloadSnafu, DownloaderSnafu, PipelineError},
    handle::HandleError,
    memory_budget::{MemoryBudget, Reservation},
    metrics::{Metrics, observe_bytes},
    object_storage_health::ObjectStorageHealth,
    record_id::RecordId,
};

/// The memory that is reserved for a download of unknown size. Real archives have 90 kB to 3 MB; the few larger ones are noticed
/// by their size, before more memory is taken, and start over with a reservation for the largest that is allowed.
const USUAL_ARCHIVE: ByteSize = ByteSize::mib(4);

/// Downloads archives.
pub(crate) struct Downloads {
    usual: Downloader,
    largest: Downloader,
    memory: Arc<MemoryBudget>,
    storage: Arc<ObjectStorageHealth>,
    metrics: Arc<Metrics>,
    retry: Retry,
    shutdown: CancellationToken,
}

impl Downloads {
    /// Downloads with clones of `downloader`, which share its connections.
    pub(crate) fn new(
        config: &Config,
        downloader: &Downloader,
        memory: Arc<MemoryBudget>,
        storage: Arc<ObjectStorageHealth>,
        metrics: Arc<Metrics>,
        shutdown: CancellationToken,
    ) -> Self {
        let largest = config.archive.max_compressed;
        Self {
            usual: downloader.with_max_bytes(largest.min(USUAL_ARCHIVE)),
            largest: downloader.with_max_bytes(largest),
            memory,
            storage,
            metrics,
            retry: config.retry.clone(),
            shutdown,
        }
    }

    /// The memory that a download takes at first, in bytes.
    pub(crate) fn usual_bytes(&self) -> u64 {
        self.usual.max_bytes()
    }

    /// Downloads the archive behind `url` and adjusts the reservation to its size.
    ///
    /// Between attempts no memory is reserved, so only this record waits.
    pub(crate) async fn download(
        &self,
        url: &str,
        record: &RecordId,
        reservation: Reservation,
    ) -> Result<(Bytes, Reservation), HandleError> {
        let started = Instant::now();
        let outcome = self.download_with_retry(url, record, reservation).await;
        let dashboards = &self.metrics.dashboards;
        dashboards.download_seconds.observe(started.elapsed().as_secs_f64());
        outcome.inspect(|(upload, _)| observe_bytes(&dashboards.downloaded, upload.len()))
    }

    async fn download_with_retry(
        &self,
        url: &str,
        record: &RecordId,
        mut reservation: Reservation,
    ) -> Result<(Bytes, Reservation), HandleError> {
        let mut backoff = Backoff::new(&self.retry);
        let mut attempts = 0;
        loop {
            let answers_before = self.storage.answers();
            let outcome = self.attempt(url, reservation).await;
            let signal = outcome.as_ref().map_or_else(DownloadError::signal, |_| StorageSignal::Answered);
            let counts = self.storage.observe(record.clone(), signal, answers_before).await;
            let error = match outcome {
                Ok(downloaded) => return Ok(downloaded),
                Err(error) => error,
            };
            attempts += u32::from(counts);
            if error.class() != ErrorClass::Transient || attempts >= self.retry.max_attempts {
                return Err(DownloadSnafu { attempts }.into_error(error).into());
            }
            self.metrics.download_retries.inc();
            let delay = backoff.next_delay();
            tracing::info!(
                attempts,
                counts,
                ?delay,
                error = error_chain(&error),
                "download failed, retrying"
            );
            if self.storage.wait(delay, &self.shutdown).await == Waited::ShuttingDown {
                return Err(HandleError::ShuttingDown);
            }
            reservation = self.memory.admit(self.usual_bytes()).await;
        }
    }

    /// One attempt, or two when the archive turns out to be larger than usual.
    async fn attempt(
        &self,
        url: &str,
        reservation: Reservation,
    ) -> Result<(Bytes, Reservation), DownloadError> {
        let (fetched, mut reservation) = match self.usual.fetch(url).await {
            Err(DownloadError::TooLarge { .. }) if self.largest.max_bytes() > self.usual_bytes() => {
                drop(reservation);
                let reservation = self.memory.admit(self.largest.max_bytes()).await;
                (self.largest.fetch(url).await, reservation)
            }
            fetched => (fetched, reservation),
        };
        let upload = fetched?;
        reservation.downloaded(upload.len() as u64);
        Ok((upload, reservation))
    }
}

/// Prepares the client for archives of up to the configured size.
pub(crate) async fn downloader(config: &Config) -> Result<Downloader, PipelineError> {
    let limits: &ArchiveLimits = &config.archive;
    Downloader::new(&config.object_storage, &config.pipeline, limits).await.context(DownloaderSnafu)
}
