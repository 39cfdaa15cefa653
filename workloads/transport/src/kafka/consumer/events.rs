//! The client context of a group member. librdkafka calls it from within `poll`, on the member's thread.

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode as Code};
use rdkafka::topic_partition_list::TopicPartitionList;
use tracing::{debug, info, warn};

use super::inbox::Inbox;
use super::positions::{offset_list, partitions_of};
use crate::Position;
use crate::kafka::connectivity::Monitor;
use crate::kafka::statistics::Statistics;

/// The facility of librdkafka's log line about a commit in the background that failed.
const COMMIT_FAILED: &str = "COMMITFAIL";

/// Pause between two attempts of a commit that must not be skipped.
const COMMIT_PAUSE: Duration = Duration::from_millis(100);

/// Rejections of a commit that end by themselves. While a group waits for the assignment by its leader, the coordinator rejects
/// the commits of members that have theirs to revoke; a new coordinator has to load the group first.
const TEMPORARY_REJECTIONS: [Code; 4] = [
    Code::RebalanceInProgress,
    Code::CoordinatorLoadInProgress,
    Code::CoordinatorNotAvailable,
    Code::NotCoordinator,
];

/// The beginning of librdkafka's text about a subscribed topic that does not exist or must not be read.
const UNAVAILABLE_TOPIC: &str = "Subscribed topic not available";

pub(super) struct GroupEvents {
    pub(super) topic: Arc<str>,
    pub(super) is_required: bool,
    pub(super) inbox: Arc<Inbox>,
    pub(super) monitor: Arc<Monitor>,
    /// Time for commits before a revocation.
    pub(super) revocation_limit: Duration,
    pub(super) is_fetching: AtomicBool,
    pub(super) is_failing_to_commit: AtomicBool,
}

impl GroupEvents {
    /// Commits the finished records of `partitions`, and waits for the answer.
    fn commit_now(&self, client: &BaseConsumer<Self>, partitions: &[i32]) -> Result<(), ClientError> {
        let mut positions = self.inbox.committable();
        positions.retain(|position| partitions.contains(&position.partition));
        if positions.is_empty() {
            return Ok(());
        }
        client
            .commit(&offset_list(&self.topic, &positions), CommitMode::Sync)
            .inspect_err(|error| self.commit_failed(error))?;
        for position in positions {
            self.inbox.committed(position);
        }
        self.commit_succeeded();
        Ok(())
    }

    pub(super) fn set_fetching(&self, client: &BaseConsumer<Self>, partitions: &TopicPartitionList) {
        let is_fetching = self.is_fetching.load(Ordering::Relaxed);
        let result = if is_fetching { client.resume(partitions) } else { client.pause(partitions) };
        match result {
            Ok(()) => debug!(topic = &*self.topic, is_fetching, "switched fetching"),
            Err(error) => warn!(topic = &*self.topic, is_fetching, %error, "failed to switch fetching"),
        }
    }

    /// Counts a failed commit, which is retried, and logs the first one.
    pub(super) fn commit_failed(&self, error: &dyn Display) {
        self.inbox.commit_failed();
        if self.is_failing_to_commit.swap(true, Ordering::Relaxed) {
            debug!(topic = &*self.topic, %error, "failed to commit offsets again");
        } else {
            warn!(topic = &*self.topic, %error, "failed to commit offsets, retrying");
        }
    }

    /// Notes the offsets that brokers have confirmed.
    ///
    /// librdkafka reports the result of a manual commit in the background neither by a callback nor by an event, which the
    /// `rdkafka` crate uses: a success shows in the statistics, and a failure in the log.
    fn confirm(&self, statistics: &Statistics) {
        for assigned in self.inbox.progress() {
            let committed = statistics.committed(&self.topic, assigned.partition);
            if let Some(offset) = committed
                && self.inbox.committed(Position { partition: assigned.partition, offset })
            {
                self.commit_succeeded();
            }
        }
    }

    fn commit_succeeded(&self) {
        if self.is_failing_to_commit.swap(false, Ordering::Relaxed) {
            info!(topic = &*self.topic, "offsets committed again");
        }
    }

    /// Commits the finished records of `partitions`, and repeats a commit that is rejected temporarily, at most for `limit`.
    /// Without another attempt finished records would be delivered again.
    pub(super) fn commit_within(
        &self,
        client: &BaseConsumer<Self>,
        partitions: &[i32],
        limit: Duration,
    ) -> Result<(), ClientError> {
        let deadline = Instant::now() + limit;
        loop {
            self.inbox.beat();
            match self.commit_now(client, partitions) {
                Err(error) if is_temporary(&error) && Instant::now() < deadline => {
                    std::thread::sleep(COMMIT_PAUSE);
                }
                result => return result,
            }
        }
    }

    fn on_revoke(&self, client: &BaseConsumer<Self>, partitions: &[i32]) {
        if client.assignment_lost() {
            warn!(
                topic = &*self.topic,
                ?partitions,
                "partition assignment lost; finished records that are not committed will be delivered again"
            );
        } else if let Err(error) = self.commit_within(client, partitions, self.revocation_limit) {
            warn!(topic = &*self.topic, ?partitions, %error, "failed to commit revoked partitions; some of their records will be delivered again");
        }
        self.inbox.revoke(partitions);
        info!(topic = &*self.topic, ?partitions, "partitions revoked");
    }
}

impl ConsumerContext for GroupEvents {
    fn pre_rebalance(&self, client: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Assign(list) => {
                let partitions = partitions_of(list);
                self.inbox.assign(&partitions);
                self.monitor.up();
                self.monitor.subscribed();
                info!(topic = &*self.topic, ?partitions, "partitions assigned");
            }
            Rebalance::Revoke(list) => self.on_revoke(client, &partitions_of(list)),
            Rebalance::Error(error) => warn!(topic = &*self.topic, %error, "failed to rebalance"),
        }
    }

    fn post_rebalance(&self, client: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        // A new assignment starts with fetching.
        if let Rebalance::Assign(list) = rebalance {
            self.set_fetching(client, list);
        }
    }
}

impl ClientContext for GroupEvents {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        if facility == COMMIT_FAILED {
            self.commit_failed(&line);
        } else {
            self.monitor.log(level, facility, line);
        }
    }

    fn stats_raw(&self, statistics: &[u8]) {
        if let Ok(statistics) = serde_json::from_slice::<Statistics>(statistics) {
            self.monitor.report(&statistics);
            self.confirm(&statistics);
            self.inbox.set_lag(statistics.lag(&self.topic, &self.inbox.progress()));
        }
    }

    fn error(&self, error: ClientError, reason: &str) {
        let code = error.rdkafka_error_code();
        if reason.starts_with(UNAVAILABLE_TOPIC) {
            if self.is_required {
                self.monitor.subscription_failed(&format!("topic {}: {}", self.topic, cause_in(reason)));
            } else {
                debug!(topic = &*self.topic, reason, "waiting for a topic");
            }
        } else if code == Some(Code::GroupAuthorizationFailed) {
            self.monitor.subscription_failed(reason);
        } else {
            self.monitor.error(&error, reason);
        }
    }
}

fn is_temporary(error: &ClientError) -> bool {
    error.rdkafka_error_code().is_some_and(|code| TEMPORARY_REJECTIONS.contains(&code))
}

/// Returns the broker's text out of `Subscribed topic not available: NAME: Broker: TEXT`.
fn cause_in(reason: &str) -> &str {
    reason.rsplit(": ").next().unwrap_or(reason)
}
