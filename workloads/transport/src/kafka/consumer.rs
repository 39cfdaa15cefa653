//! A member of a consumer group.

use ccx_config::Kafka;
use tokio::sync::watch;

use super::{Connectivity, KafkaError, Position, Record};

/// A member of a consumer group that reads one topic.
///
/// Records may be finished in any order; what is committed is the contiguous prefix of finished records of each partition:
/// about once a second, when a partition is taken away, and by [`close`](Self::close). After a crash everything that was not
/// committed is delivered again.
///
/// A thread of its own talks to the brokers, so membership is kept however long a record takes or [`next`](Self::next) is not
/// called. Records wait in a bounded buffer.
pub struct Consumer {
    connectivity: watch::Receiver<Connectivity>,
}

impl Consumer {
    /// Joins `group` to read `topic`. Succeeds without a broker; `next` then waits for one.
    pub fn subscribe(_settings: &Kafka, _group: &str, _topic: &str) -> Result<Self, KafkaError> {
        unimplemented!()
    }

    /// The next record; waits for ever. Cancel-safe: a record is taken only by a call that returns it.
    pub async fn next(&self) -> Record {
        std::future::pending().await
    }

    /// Says that the effects of the record are durable, or that it was filtered or durably dead-lettered.
    ///
    /// Ignored when the record's partition has been taken away since: its new owner gets the record again.
    pub fn finished(&self, _position: Position) {}

    /// Stops the flow of records until [`resume`](Self::resume), without leaving the group. Records that were already
    /// fetched wait; partitions that are assigned meanwhile are stopped too.
    pub fn pause(&self) {}

    /// Lets records flow again.
    pub fn resume(&self) {}

    /// Whether brokers can be reached, now and in future.
    pub fn connectivity(&self) -> watch::Receiver<Connectivity> {
        self.connectivity.clone()
    }

    /// How many records of our partitions are not committed yet, as of about a second ago; `None` before anything is known.
    pub fn lag(&self) -> Option<i64> {
        None
    }

    /// Commits what is finished and leaves the group, so that others take over at once. Takes at most a few seconds.
    pub async fn close(self) -> Result<(), KafkaError> {
        Ok(())
    }
}
