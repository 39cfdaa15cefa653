//! A member of a consumer group.

mod inbox;
mod member;

use std::sync::Arc;
use std::time::Duration;

use ccx_config::Kafka;
use rdkafka::error::KafkaError as ClientError;
use snafu::ResultExt;
use tokio::sync::{oneshot, watch};

use self::inbox::Inbox;
use self::member::Member;
use super::connectivity::Monitor;
use super::error::{CloseSnafu, CommitSnafu, ThreadSnafu};
use super::{Connectivity, KafkaError, Position, Record};

/// How long [`Consumer::close`] waits for the brokers. A healthy one answers in milliseconds, and orchestrators wait for
/// about thirty seconds before they kill.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(10);

/// A member of a consumer group that reads one topic.
///
/// Records may be finished in any order; what is committed is the contiguous prefix of finished records of each partition:
/// once a second, when a partition is taken away, and by [`close`](Self::close). After a crash everything that was not
/// committed is delivered again.
///
/// A thread of its own talks to the brokers, so membership is kept however long a record takes or [`next`](Self::next) is not
/// called. Records wait in a bounded buffer; when nobody takes them, fetching stops. Dropping the consumer leaves the group
/// without waiting for it.
pub struct Consumer {
    topic: Arc<str>,
    inbox: Arc<Inbox>,
    monitor: Arc<Monitor>,
    /// What the last commit came to, when the thread has ended.
    ended: oneshot::Receiver<Result<(), ClientError>>,
}

impl Consumer {
    /// Joins `group` to read `topic`. Succeeds without a broker; `next` then waits for one.
    pub fn subscribe(settings: &Kafka, group: &str, topic: &str) -> Result<Self, KafkaError> {
        let topic: Arc<str> = topic.into();
        let inbox = Arc::new(Inbox::default());
        let monitor = Arc::new(Monitor::new("consumer"));
        let member = Member::join(settings, group, &topic, &inbox, &monitor)?;
        let (ending, ended) = oneshot::channel();
        std::thread::Builder::new()
            .name("kafka-consumer".into())
            .spawn(move || {
                // Nobody may be waiting.
                let _ = ending.send(member.run());
            })
            .context(ThreadSnafu)?;
        Ok(Self { topic, inbox, monitor, ended })
    }

    /// The next record; waits for ever. Cancel-safe: a record is taken only by a call that returns it.
    pub async fn next(&self) -> Record {
        self.inbox.next().await
    }

    /// Says that the effects of the record are durable, or that it was filtered or durably dead-lettered.
    ///
    /// Ignored when the record's partition has been taken away since: its new owner gets the record again.
    pub fn finished(&self, position: Position) {
        self.inbox.finished(position);
    }

    /// Stops the flow of records until [`resume`](Self::resume), without leaving the group. Records that were already
    /// fetched wait; partitions that are assigned meanwhile are stopped too.
    pub fn pause(&self) {
        self.inbox.pause();
    }

    /// Lets records flow again.
    pub fn resume(&self) {
        self.inbox.resume();
    }

    /// Whether brokers can be reached, now and in future.
    pub fn connectivity(&self) -> watch::Receiver<Connectivity> {
        self.monitor.subscribe()
    }

    /// How many records of our partitions are not committed yet, as of about a second ago; `None` before anything is known.
    pub fn lag(&self) -> Option<i64> {
        self.inbox.lag()
    }

    /// Commits what is finished and leaves the group, so that others take over at once. Takes at most ten seconds.
    pub async fn close(mut self) -> Result<(), KafkaError> {
        self.inbox.stop();
        let topic = self.topic.as_ref();
        match tokio::time::timeout(CLOSE_TIMEOUT, &mut self.ended).await {
            Ok(Ok(result)) => result.context(CommitSnafu { topic }),
            // Without an answer the thread has panicked, which has been logged.
            Ok(Err(_)) | Err(_) => CloseSnafu { topic, timeout: CLOSE_TIMEOUT }.fail(),
        }
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        self.inbox.stop();
    }
}
