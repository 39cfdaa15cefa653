//! A member of a consumer group.

mod events;
mod inbox;
mod member;
mod positions;

use std::sync::Arc;
use std::time::{Duration, Instant};

use ccx_config::Kafka;
use snafu::ResultExt;
use tokio::sync::watch;

use self::inbox::{End, Inbox};
use self::member::{Member, Subscription};
use super::connectivity::Monitor;
use super::error::{CloseSnafu, CommitSnafu, ConsumerEndedSnafu, ThreadSnafu};
use super::{Connectivity, KafkaError, Position, Record};

/// Longest wait of [`Consumer::close`] for the brokers. A healthy one answers in milliseconds, and orchestrators wait for
/// about thirty seconds before they kill.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(10);

/// A member of a consumer group that reads one topic.
///
/// Records may be finished in any order. Of each partition the contiguous prefix of finished records is committed: once a
/// second, when the partition is revoked, and by [`close`](Self::close). After a crash every record that was not committed
/// is delivered again.
///
/// A thread of its own talks to the brokers, so membership does not depend on how long a record takes or how often
/// [`next`](Self::next) is called. Records wait in a bounded buffer; when it is full, fetching pauses. Dropping the consumer
/// leaves the group without waiting for it.
pub struct Consumer {
    topic: Arc<str>,
    inbox: Arc<Inbox>,
    monitor: Arc<Monitor>,
}

impl Consumer {
    /// Joins `group` to read `topic`. Succeeds without a broker; `next` then waits for one.
    ///
    /// While the topic does not exist or access is denied, [`connectivity`](Self::connectivity) is `Down`.
    pub fn subscribe(settings: &Kafka, group: &str, topic: &str) -> Result<Self, KafkaError> {
        Self::start(settings, group, topic, true)
    }

    /// Joins `group` to read `topic` as soon as it exists. A topic that does not exist is not a problem.
    pub fn subscribe_if_exists(settings: &Kafka, group: &str, topic: &str) -> Result<Self, KafkaError> {
        Self::start(settings, group, topic, false)
    }

    fn start(settings: &Kafka, group: &str, topic: &str, is_required: bool) -> Result<Self, KafkaError> {
        let topic: Arc<str> = topic.into();
        let inbox = Arc::new(Inbox::default());
        let monitor = Arc::new(Monitor::new("consumer"));
        let subscription = Subscription {
            settings: settings.clone(),
            group: group.into(),
            topic: Arc::clone(&topic),
            is_required,
        };
        let member = Member::join(subscription, &inbox, &monitor)?;
        let guard = EndOfThread(Arc::clone(&inbox));
        std::thread::Builder::new()
            .name("kafka-consumer".into())
            .spawn(move || {
                let end = member.run();
                guard.0.set_end(end);
            })
            .context(ThreadSnafu)?;
        Ok(Self { topic, inbox, monitor })
    }

    /// Returns the next record; waits until there is one. Cancel-safe: a record is taken only by a call that returns it.
    ///
    /// Fails if the thread of the consumer has ended: by a fatal error of librdkafka, or a panic. Records are delivered no
    /// more then, and the process should end.
    pub async fn next(&self) -> Result<Record, KafkaError> {
        self.inbox.next().await.map_err(|reason| self.failure(reason))
    }

    /// Fails if the thread of the consumer has ended, see [`next`](Self::next).
    pub fn check(&self) -> Result<(), KafkaError> {
        match self.inbox.end() {
            Some(End::Failed(reason)) => Err(self.failure(reason)),
            _ => Ok(()),
        }
    }

    /// Returns the last time at which the thread of the consumer was known to be running. It is never silent for longer than
    /// a request to the brokers takes, about a minute.
    pub fn last_beat(&self) -> Instant {
        self.inbox.last_beat()
    }

    /// Reports that the effects of a record are durable, or that it was filtered or durably dead-lettered.
    ///
    /// Ignored if the record's partition has been revoked since: its new owner receives the record again.
    pub fn finished(&self, position: Position) {
        self.inbox.finished(position);
    }

    /// Stops the delivery of records until [`resume`](Self::resume), without leaving the group. Records that were already
    /// fetched wait; partitions that are assigned meanwhile are stopped too.
    pub fn pause(&self) {
        self.inbox.pause();
    }

    /// Resumes the delivery of records.
    pub fn resume(&self) {
        self.inbox.resume();
    }

    /// Watches the connection to the brokers and the existence of the topic.
    pub fn connectivity(&self) -> watch::Receiver<Connectivity> {
        self.monitor.subscribe()
    }

    /// Returns how many records of the assigned partitions are not committed yet, as of about a second ago; zero without
    /// partitions, `None` before the first report.
    pub fn lag(&self) -> Option<i64> {
        self.inbox.lag()
    }

    /// Returns the number of commits that failed since the last call. Each is retried.
    pub fn take_commit_failures(&self) -> u64 {
        self.inbox.take_commit_failures()
    }

    /// Commits what is finished and leaves the group, so that other members take over at once. Takes at most ten seconds.
    pub async fn close(self) -> Result<(), KafkaError> {
        self.inbox.stop();
        let topic = self.topic.as_ref();
        match tokio::time::timeout(CLOSE_TIMEOUT, self.inbox.ended()).await {
            Ok(End::Stopped) => Ok(()),
            Ok(End::Uncommitted(error)) => Err(error).context(CommitSnafu { topic }),
            Ok(End::Failed(reason)) => Err(self.failure(reason)),
            Err(_) => CloseSnafu { topic, timeout: CLOSE_TIMEOUT }.fail(),
        }
    }

    fn failure(&self, reason: String) -> KafkaError {
        ConsumerEndedSnafu { topic: self.topic.as_ref(), reason }.build()
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        self.inbox.stop();
    }
}

/// Reports the end of the thread when it is dropped, which a panic does too.
struct EndOfThread(Arc<Inbox>);

impl Drop for EndOfThread {
    fn drop(&mut self) {
        // Ignored if the thread has reported its end.
        self.0.set_end(End::Failed("its thread panicked".into()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panic_of_the_thread_is_its_end() {
        let inbox = Arc::new(Inbox::default());
        let guard = EndOfThread(Arc::clone(&inbox));
        let thread = std::thread::spawn(move || {
            let _guard = guard;
            panic!("a test of the guard");
        });
        assert!(thread.join().is_err());
        assert!(matches!(inbox.end(), Some(End::Failed(_))));
    }
}
