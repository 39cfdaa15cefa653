//! Getting an archive: attempts, the waits between them, and the memory for it.

use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use bytesize::ByteSize;
use ccx_config::{ArchiveLimits, Config, Retry};
use ccx_messages::ErrorClass;
use ccx_service::{Backoff, Waited, error_chain};
use ccx_transport::{DownloadError, Downloader};
use snafu::{IntoError, ResultExt};
use tokio_util::sync::CancellationToken;

use crate::{
    error::{DownloadSnafu, DownloaderSnafu, PipelineError},
    flight::{Flight, Passage},
    handle::Stop,
    metrics::{Metrics, observe_bytes},
    outage::{Link, Verdict},
    storage::{StorageWatch, Symptom},
};

/// What memory is set aside for a download of unknown size. Real archives have 90 kB to 3 MB; the few larger ones are noticed by
/// their size, before more memory is spent, and start over with as much as an archive may have.
const USUAL_ARCHIVE: ByteSize = ByteSize::mib(4);

/// Downloads archives.
pub(crate) struct Downloads {
    usual: Downloader,
    largest: Downloader,
    usual_bytes: u64,
    largest_bytes: u64,
    flight: Arc<Flight>,
    storage: Arc<StorageWatch>,
    metrics: Arc<Metrics>,
    retry: Retry,
    shutdown: CancellationToken,
}

impl Downloads {
    /// Prepares downloads.
    pub(crate) async fn new(
        config: &Config,
        flight: Arc<Flight>,
        storage: Arc<StorageWatch>,
        metrics: Arc<Metrics>,
        shutdown: CancellationToken,
    ) -> Result<Self, PipelineError> {
        let largest = config.archive.max_compressed;
        let usual = largest.min(USUAL_ARCHIVE);
        Ok(Self {
            usual: downloader(config, usual).await?,
            largest: downloader(config, largest).await?,
            usual_bytes: usual.as_u64(),
            largest_bytes: largest.as_u64(),
            flight,
            storage,
            metrics,
            retry: config.retry.clone(),
            shutdown,
        })
    }

    /// The memory that a download takes at first, in bytes.
    pub(crate) fn usual_bytes(&self) -> u64 {
        self.usual_bytes
    }

    /// Downloads the archive behind `url` and adjusts the passage to its size.
    ///
    /// Between attempts nothing is held, so only this record waits.
    pub(crate) async fn download(
        &self,
        url: &str,
        link: Link,
        passage: Passage,
    ) -> Result<(Bytes, Passage), Stop> {
        let started = Instant::now();
        let outcome = self.try_to_the_limit(url, link, passage).await;
        let dashboards = &self.metrics.dashboards;
        dashboards.download_seconds.observe(started.elapsed().as_secs_f64());
        outcome.inspect(|(archive, _)| observe_bytes(&dashboards.downloaded, archive.len()))
    }

    async fn try_to_the_limit(
        &self,
        url: &str,
        link: Link,
        mut passage: Passage,
    ) -> Result<(Bytes, Passage), Stop> {
        let mut backoff = Backoff::new(&self.retry);
        let mut attempts = 0;
        loop {
            let error = match self.attempt(url, passage).await {
                Ok(downloaded) => {
                    self.storage.answered();
                    return Ok(downloaded);
                }
                Err(error) => error,
            };
            let verdict = self.judge(link, &error).await;
            attempts += u32::from(verdict == Verdict::CountsAgainstLink);
            if error.class() != ErrorClass::Transient || attempts >= self.retry.max_attempts {
                return Err(DownloadSnafu { attempts }.into_error(error).into());
            }
            self.metrics.download_retries.inc();
            let delay = backoff.next_delay();
            tracing::info!(
                attempts,
                ?verdict,
                ?delay,
                error = error_chain(&error),
                "failed to download: trying again"
            );
            if self.storage.wait(delay, &self.shutdown).await == Waited::ShuttingDown {
                return Err(Stop::ShuttingDown);
            }
            passage = self.flight.admit(self.usual_bytes).await;
        }
    }

    /// One attempt, or two when the archive turns out to be larger than usual.
    async fn attempt(&self, url: &str, passage: Passage) -> Result<(Bytes, Passage), DownloadError> {
        let (fetched, mut passage) = match self.usual.fetch(url).await {
            Err(error) if meaning(&error) == Meaning::TooBig && self.largest_bytes > self.usual_bytes => {
                drop(passage);
                let passage = self.flight.admit(self.largest_bytes).await;
                (self.largest.fetch(url).await, passage)
            }
            fetched => (fetched, passage),
        };
        let archive = fetched?;
        passage.downloaded(archive.len() as u64);
        Ok((archive, passage))
    }

    async fn judge(&self, link: Link, error: &DownloadError) -> Verdict {
        let symptom = match meaning(error) {
            Meaning::NoConnection => Symptom::NoConnection,
            Meaning::NoAnswer => Symptom::NoAnswer,
            Meaning::Answer | Meaning::TooBig => {
                self.storage.answered();
                return Verdict::CountsAgainstLink;
            }
            Meaning::NotTried => return Verdict::CountsAgainstLink,
        };
        self.storage.failed(link, symptom).await
    }
}

async fn downloader(config: &Config, max_compressed: ByteSize) -> Result<Downloader, PipelineError> {
    let limits = ArchiveLimits { max_compressed, ..config.archive.clone() };
    Downloader::new(&config.object_storage, &config.pipeline, &limits).await.context(DownloaderSnafu)
}

/// What a failed download says about the storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// Nothing: no connection was attempted.
    NotTried,
    /// It can't be reached.
    NoConnection,
    /// It took the connection and did not answer as it should.
    NoAnswer,
    /// It works, and has said no.
    Answer,
    /// It works, and the archive is over the limit.
    TooBig,
}

fn meaning(error: &DownloadError) -> Meaning {
    match error {
        DownloadError::Connect { .. } => Meaning::NoConnection,
        // Two limits end as this error: that of connecting, and that of waiting for an answer.
        DownloadError::Timeout { source, .. } if source.is_connect() => Meaning::NoConnection,
        // The last two are no link's fault but that of our credentials: as good as away when everybody meets it.
        DownloadError::Timeout { .. }
        | DownloadError::Interrupted { .. }
        | DownloadError::Refused { .. }
        | DownloadError::Permission { .. } => Meaning::NoAnswer,
        DownloadError::Status { .. } if error.class() == ErrorClass::Transient => Meaning::NoAnswer,
        DownloadError::Status { .. } | DownloadError::Redirect { .. } | DownloadError::Empty { .. } => {
            Meaning::Answer
        }
        DownloadError::TooLarge { .. } => Meaning::TooBig,
        _ => Meaning::NotTried,
    }
}
