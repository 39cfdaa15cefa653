//! Storing, with patience: the database may be away, and the lease may change hands.

use std::ops::Range;

use ccx_config::Retry;
use ccx_messages::ErrorClass;
use ccx_service::{Backoff, Condition, Heartbeat, Waited, error_chain};
use ccx_storage::{BatchOutcome, ConsumerError, Database, NewReport, Outcome, StorageError, WriterLease};
use chrono::Utc;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use crate::{check::Refused, metrics::Metrics};

/// What became of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is in the tables.
    Written,
    /// The tables have one that is as new, or newer.
    Ignored,
    /// The database does not take it.
    Refused(Refused),
}

/// Why the work on a batch ends without a result. Nothing of it is committed to Kafka, so that it is read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interrupted {
    /// The process is to stop, and the database is away.
    ShuttingDown,
    /// Another writer is active.
    LeaseTaken,
}

/// A failure for which there is no second attempt.
enum Failure {
    Interrupted(Interrupted),
    Permanent(StorageError),
}

/// The tables, for the writer that holds the lease.
pub(crate) struct Store {
    database: Database,
    lease: Option<WriterLease>,
    patience: Patience,
}

/// How the store waits for the database.
pub(crate) struct Patience {
    pub(crate) backoff: Backoff,
    pub(crate) condition: Condition,
    pub(crate) heartbeat: Heartbeat,
    pub(crate) metrics: Metrics,
    pub(crate) shutdown: CancellationToken,
}

impl Patience {
    pub(crate) fn new(
        retry: &Retry,
        condition: Condition,
        heartbeat: Heartbeat,
        metrics: Metrics,
        shutdown: CancellationToken,
    ) -> Self {
        Self { backoff: Backoff::new(retry), condition, heartbeat, metrics, shutdown }
    }

    /// The database has done what it was asked.
    pub(crate) fn succeeded(&mut self) {
        if self.backoff.failures() > 0 {
            info!(failures = self.backoff.failures(), "the database is back");
        }
        self.backoff.reset();
        self.condition.ready();
    }

    /// The database has not; waits before it is asked again.
    pub(crate) async fn failed(&mut self, error: StorageError) -> Waited {
        let error = error_chain(&error);
        if self.backoff.failures() == 0 {
            warn!(error, "the database is away or not as it should be, trying again until it is back");
        } else {
            debug!(error, failures = self.backoff.failures(), "the database is still away");
        }
        self.condition.not_ready(error);
        self.heartbeat.beat();
        self.backoff.wait(&self.shutdown).await
    }
}

impl Store {
    pub(crate) fn new(database: Database, lease: WriterLease, patience: Patience) -> Self {
        Self { database, lease: Some(lease), patience }
    }

    /// Stores reports and says what became of each, in their order.
    ///
    /// A batch that the database does not take is halved until what it does not take stands alone.
    pub(crate) async fn store(&mut self, reports: &[NewReport]) -> Result<Vec<Fate>, Interrupted> {
        let mut fates = Vec::with_capacity(reports.len());
        let all = 0..reports.len();
        let mut pending = vec![all];
        while let Some(range) = pending.pop() {
            match self.write(&reports[range.clone()]).await {
                Ok(outcome) => fates.extend(outcome.outcomes().iter().map(|outcome| match outcome {
                    Outcome::Written => Fate::Written,
                    Outcome::Ignored => Fate::Ignored,
                })),
                Err(Failure::Interrupted(interrupted)) => return Err(interrupted),
                Err(Failure::Permanent(error)) => match halves(range) {
                    Some([first, second]) => pending.extend([second, first]),
                    None => fates.push(Fate::Refused(Refused::new(error.class(), &error))),
                },
            }
        }
        Ok(fates)
    }

    /// Records messages that are given up. The dead letters say the same, so that a refusal of the database is only logged.
    pub(crate) async fn record(&mut self, errors: &[ConsumerError]) -> Result<(), Interrupted> {
        loop {
            let Err(error) = self.lease().await?.record_consumer_errors(errors).await else {
                self.patience.succeeded();
                return Ok(());
            };
            if self.goes_on_after(error, "failed to record messages that are given up").await? {
                return Ok(());
            }
        }
    }

    /// Makes sure that the lease is held and the database there, while there is nothing to store.
    pub(crate) async fn check(&mut self) -> Result<(), Interrupted> {
        loop {
            let Err(error) = self.lease().await?.check().await else {
                self.patience.succeeded();
                return Ok(());
            };
            if self.goes_on_after(error, "failed to check the writer's lease").await? {
                return Ok(());
            }
        }
    }

    /// Gives the lease back, so that another writer can begin at once.
    pub(crate) async fn release(self) -> Patience {
        if let Some(lease) = self.lease.filter(|lease| !lease.is_lost())
            && let Err(error) = lease.release().await
        {
            debug!(
                error = error_chain(&error),
                "failed to release the writer's lease, it ends with the connection"
            );
        }
        self.patience
    }

    async fn write(&mut self, reports: &[NewReport]) -> Result<BatchOutcome, Failure> {
        loop {
            let lease = self.lease().await.map_err(Failure::Interrupted)?;
            match lease.write_batch(reports, Utc::now()).await {
                Ok(outcome) => {
                    self.patience.succeeded();
                    return Ok(outcome);
                }
                Err(error) => self.wait_after(error).await?,
            }
        }
    }

    /// The lease. When it is lost it is acquired again, unless another writer has it by now.
    async fn lease(&mut self) -> Result<&mut WriterLease, Interrupted> {
        while self.lease.as_ref().is_none_or(WriterLease::is_lost) {
            match self.database.try_acquire_writer_lease().await {
                Ok(Some(lease)) => self.lease = Some(lease),
                Ok(None) => {
                    warn!("another writer is active, the work is left to it");
                    return Err(Interrupted::LeaseTaken);
                }
                Err(error) => {
                    if self.patience.failed(error).await == Waited::ShuttingDown {
                        return Err(Interrupted::ShuttingDown);
                    }
                }
            }
        }
        self.lease.as_mut().ok_or(Interrupted::LeaseTaken)
    }

    /// Waits when waiting can help; otherwise logs, and the work goes on without what has failed.
    async fn goes_on_after(&mut self, error: StorageError, what: &str) -> Result<bool, Interrupted> {
        match self.wait_after(error).await {
            Ok(()) => Ok(false),
            Err(Failure::Interrupted(interrupted)) => Err(interrupted),
            Err(Failure::Permanent(error)) => {
                error!(error = error_chain(&error), "{what}");
                Ok(true)
            }
        }
    }

    /// Waits when waiting can help.
    async fn wait_after(&mut self, error: StorageError) -> Result<(), Failure> {
        if error.class() != ErrorClass::Transient {
            return Err(Failure::Permanent(error));
        }
        self.patience.metrics.storage_retries.inc();
        match self.patience.failed(error).await {
            Waited::TryAgain => Ok(()),
            Waited::ShuttingDown => Err(Failure::Interrupted(Interrupted::ShuttingDown)),
        }
    }
}

/// Both halves of a range, unless it is a single one.
fn halves(range: Range<usize>) -> Option<[Range<usize>; 2]> {
    let middle = range.start + range.len() / 2;
    (range.len() > 1).then_some([range.start..middle, middle..range.end])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_single_report_has_no_halves() {
        assert_eq!(halves(7..8), None);
        assert_eq!(halves(7..7), None);
        assert_eq!(halves(4..7), Some([4..5, 5..7]));
    }

    proptest! {
        #[test]
        fn halves_are_the_whole_and_both_smaller(start in 0_usize..100, len in 2_usize..100) {
            let [first, second] = halves(start..start + len).unwrap();
            prop_assert_eq!((first.start, first.end, second.end), (start, second.start, start + len));
            prop_assert!(first.len() < len && second.len() < len);
        }
    }
}
