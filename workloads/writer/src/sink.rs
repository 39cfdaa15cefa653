//! The storage of a writer.

use ccx_storage::ConsumerError;
use ccx_transport::KafkaError;

use crate::{outcome::Message, result::ParsedResult, storage_retry::StorageRetry};

/// Stores the results of messages, and waits without end while it is unavailable.
pub(crate) trait Sink {
    /// The results that it stores.
    type Result: ParsedResult;

    /// Stores the results of messages, and sets the outcome of each.
    async fn store(&mut self, messages: &mut [&mut Message<Self::Result>]) -> Result<(), Interrupted>;

    /// Records rejected messages, if the storage has a place for them.
    async fn record(&mut self, errors: &[ConsumerError]) -> Result<(), Interrupted>;

    /// Checks that the storage is available, while there is nothing to store.
    async fn check(&mut self) -> Result<(), Interrupted>;

    /// Gives the storage back, so that another writer can begin at once.
    async fn release(self) -> StorageRetry;
}

/// The reason for which a batch is abandoned. Nothing of it is committed to Kafka, so that it is read again.
#[derive(Debug)]
pub(crate) enum Interrupted {
    /// The process is to stop, and the database or Kafka is unavailable.
    ShuttingDown,
    /// Another writer is active.
    LeaseTaken,
    /// The Kafka consumer can't deliver messages any more.
    ConsumerEnded(KafkaError),
}
