//! Storing in the database, by the writer that holds the lease.

use std::{marker::PhantomData, ops::Range};

use ccx_messages::ErrorClass;
use ccx_service::{Waited, error_chain};
use ccx_storage::{BatchOutcome, ConsumerError, Database, StorageError, WriterLease};
use chrono::Utc;
use snafu::Snafu;
use tracing::{debug, error, warn};

use crate::{
    metrics::Metrics,
    outcome::{Message, Outcome, Rejection},
    result::StoredResult,
    sink::{Interrupted, Sink},
    storage_retry::StorageRetry,
};

/// A request failed without a further attempt.
enum Failure {
    Interrupted(Interrupted),
    /// The database rejects a value of the request.
    Rejected(StorageError),
}

impl From<Interrupted> for Failure {
    fn from(interrupted: Interrupted) -> Self {
        Self::Interrupted(interrupted)
    }
}

#[derive(Debug, Snafu)]
#[snafu(display(
    "the cluster belongs to another organisation, and the sender of the archive has not authenticated as the cluster"
))]
struct UnauthenticatedMove;

/// The tables, and the right to write to them.
pub(crate) struct Store<R> {
    database: Database,
    lease: WriterLease,
    retry: StorageRetry,
    metrics: Metrics,
    kind: PhantomData<R>,
}

impl<R: StoredResult> Store<R> {
    pub(crate) fn new(database: Database, lease: WriterLease, retry: StorageRetry, metrics: Metrics) -> Self {
        Self { database, lease, retry, metrics, kind: PhantomData }
    }
}

impl<R: StoredResult> Sink for Store<R> {
    type Result = R;

    /// Stores the results of messages, and sets the outcome of each.
    ///
    /// A batch that the database rejects is halved until the rejected result is alone.
    async fn store(&mut self, messages: &mut [&mut Message<R>]) -> Result<(), Interrupted> {
        let mut pending = owner_changes(messages);
        pending.reverse();
        while let Some(range) = pending.pop() {
            let batch = &mut messages[range.clone()];
            match self.write(batch).await {
                Ok(outcome) => self.finish(batch, &outcome),
                Err(Failure::Interrupted(interrupted)) => return Err(interrupted),
                Err(Failure::Rejected(error)) => match (halves(range), batch) {
                    (Some([first, second]), _) => pending.extend([second, first]),
                    (None, [message]) => {
                        message.finish(Outcome::Rejected(Rejection::new(error.class(), &error)));
                    }
                    (None, _) => {}
                },
            }
        }
        Ok(())
    }

    /// Records rejected messages. The dead letters say the same, so a rejection by the database is only logged.
    async fn record(&mut self, errors: &[ConsumerError]) -> Result<(), Interrupted> {
        if !R::RECORDS_REJECTED {
            return Ok(());
        }
        loop {
            self.ensure_lease().await?;
            let recorded = self.retry.request(self.lease.record_consumer_errors(errors)).await;
            let Err(error) = recorded else { break };
            if let Err(failure) = self.wait_after(error).await {
                return ignored(failure, "failed to record rejected messages");
            }
        }
        self.succeeded();
        Ok(())
    }

    /// Checks that the lease is held and the database available, while there is nothing to store.
    async fn check(&mut self) -> Result<(), Interrupted> {
        loop {
            self.ensure_lease().await?;
            let Err(error) = self.retry.request(self.lease.check()).await else { break };
            if let Err(failure) = self.wait_after(error).await {
                return ignored(failure, "failed to check the writer's lease");
            }
        }
        self.succeeded();
        Ok(())
    }

    /// Releases the lease, so that another writer can begin at once.
    async fn release(self) -> StorageRetry {
        if !self.lease.is_lost()
            && let Err(error) = self.lease.release().await
        {
            debug!(
                error = error_chain(&error),
                "failed to release the writer's lease, it ends with the connection"
            );
        }
        self.retry
    }
}

impl<R: StoredResult> Store<R> {
    async fn write(&mut self, messages: &[&mut Message<R>]) -> Result<BatchOutcome, Failure> {
        let results: Vec<&R> = messages.iter().filter_map(|message| message.result()).collect();
        loop {
            self.ensure_lease().await?;
            match self.retry.request(R::write_batch(&mut self.lease, &results, Utc::now())).await {
                Ok(outcome) => {
                    self.succeeded();
                    return Ok(outcome);
                }
                Err(error) => self.wait_after(error).await?,
            }
        }
    }

    fn finish(&self, messages: &mut [&mut Message<R>], batch: &BatchOutcome) {
        for (message, outcome) in messages.iter_mut().zip(batch.outcomes()) {
            let outcome = match outcome {
                ccx_storage::Outcome::Written => Outcome::Stored,
                ccx_storage::Outcome::Ignored => Outcome::Ignored,
                ccx_storage::Outcome::Unauthenticated => {
                    self.metrics.unauthenticated_moves.inc();
                    Outcome::Rejected(Rejection::new(ErrorClass::BadInput, &UnauthenticatedMove))
                }
            };
            message.finish(outcome);
        }
    }

    fn succeeded(&mut self) {
        self.retry.succeeded();
        self.metrics.active.set(1);
    }

    /// Acquires a lost lease again, with a new connection to the expected schema, unless another writer has it by now.
    async fn ensure_lease(&mut self) -> Result<(), Interrupted> {
        while self.lease.is_lost() {
            match self.retry.request(reacquire::<R>(&self.database, &self.lease)).await {
                Ok(Some(lease)) => self.lease = lease,
                Ok(None) => {
                    warn!("another writer is active, leaving the work to it");
                    return Err(Interrupted::LeaseTaken);
                }
                Err(error) => self.wait(error).await?,
            }
        }
        Ok(())
    }

    /// Waits after a failed request, unless the database rejects one of its values.
    ///
    /// After a migration by another program, values may be rejected that were accepted before. So the schema is checked before
    /// a message is blamed.
    async fn wait_after(&mut self, error: StorageError) -> Result<(), Failure> {
        if error.class() == ErrorClass::Transient {
            return Ok(self.wait(error).await?);
        }
        match self.retry.request(self.database.require_newest(R::LEASE.schema())).await {
            Ok(()) => Err(Failure::Rejected(error)),
            Err(error) => Ok(self.wait(error).await?),
        }
    }

    async fn wait(&mut self, error: StorageError) -> Result<(), Interrupted> {
        match self.retry.failed(&error).await {
            Waited::TryAgain => Ok(()),
            Waited::ShuttingDown => Err(Interrupted::ShuttingDown),
        }
    }
}

async fn reacquire<R: StoredResult>(
    database: &Database,
    lost: &WriterLease,
) -> Result<Option<WriterLease>, StorageError> {
    database.require_newest(R::LEASE.schema()).await?;
    database.reacquire_writer_lease(lost).await
}

/// Logs a rejection by the database where the work continues without the request.
fn ignored(failure: Failure, message: &str) -> Result<(), Interrupted> {
    match failure {
        Failure::Interrupted(interrupted) => Err(interrupted),
        Failure::Rejected(error) => {
            error!(error = error_chain(&error), "{message}");
            Ok(())
        }
    }
}

/// Returns ranges in each of which every cluster has one owner.
///
/// Of several reports of a cluster only the newest of a range is stored. A report of another organisation is a case of its own:
/// whether it may move the cluster depends on the reports before it.
fn owner_changes<R: StoredResult>(messages: &[&mut Message<R>]) -> Vec<Range<usize>> {
    let mut owners = std::collections::HashMap::new();
    let mut ranges = Vec::new();
    let mut start = 0;
    for (position, message) in messages.iter().enumerate() {
        let Some(result) = message.result() else { continue };
        let owner = owners.insert(result.cluster_id(), result.org_id());
        if owner.is_some_and(|owner| owner != result.org_id()) {
            ranges.push(start..position);
            start = position;
            owners.clear();
            owners.insert(result.cluster_id(), result.org_id());
        }
    }
    ranges.push(start..messages.len());
    ranges
}

/// Returns both halves of a range, unless it is a single position.
fn halves(range: Range<usize>) -> Option<[Range<usize>; 2]> {
    let middle = range.start + range.len() / 2;
    (range.len() > 1).then_some([range.start..middle, middle..range.end])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn single_position_has_no_halves() {
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
