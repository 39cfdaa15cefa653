//! The thread that talks to the brokers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ccx_config::Kafka;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::error::KafkaError as ClientError;
use snafu::ResultExt;
use tracing::{debug, info, warn};

use super::events::GroupEvents;
use super::inbox::{End, Inbox, Room};
use super::positions::{offset_list, partition_list};
use crate::kafka::connectivity::Monitor;
use crate::kafka::credentials::Credentials;
use crate::kafka::error::{ClientSnafu, SubscribeSnafu};
use crate::kafka::settings;
use crate::{KafkaError, Record};

/// Interval of commits: the work that a crash repeats, against a request that a broker must store.
const COMMIT_INTERVAL: Duration = Duration::from_secs(1);

/// Longest wait for an event, before the thread checks the clock and whether it is to stop.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Longest wait for room in a full inbox. Then fetching is paused, which drops the prefetched records, so that the thread
/// can serve the group meanwhile.
const ROOM_TIMEOUT: Duration = Duration::from_millis(200);

/// Longest time per second in which ends of partitions are queried while fetching is paused.
const QUERY_TIME: Duration = Duration::from_millis(500);

/// Longest time for the last commit: below the timeout of [`Consumer::close`](super::Consumer::close).
const LAST_COMMIT_LIMIT: Duration = Duration::from_secs(8);

/// The group and topic of a member, and the settings of its client.
pub(super) struct Subscription {
    pub(super) settings: Kafka,
    pub(super) group: String,
    pub(super) topic: Arc<str>,
    /// Whether a topic that does not exist is a problem.
    pub(super) is_required: bool,
}

/// The thread's half of a consumer.
pub(super) struct Member {
    subscription: Subscription,
    credentials: Credentials,
    client: BaseConsumer<GroupEvents>,
    inbox: Arc<Inbox>,
    monitor: Arc<Monitor>,
}

impl Member {
    pub(super) fn join(
        subscription: Subscription,
        inbox: &Arc<Inbox>,
        monitor: &Arc<Monitor>,
    ) -> Result<Self, KafkaError> {
        let credentials = Credentials::read(&subscription.settings);
        let client = subscription.subscribe(inbox, monitor)?;
        let (inbox, monitor) = (Arc::clone(inbox), Arc::clone(monitor));
        Ok(Self { subscription, credentials, client, inbox, monitor })
    }

    /// Reads and commits until the inbox stops it, then commits a last time and leaves the group.
    pub(super) fn run(mut self) -> End {
        let mut last_commit = Instant::now();
        while !self.inbox.is_stopping() {
            self.inbox.beat();
            self.adjust_fetching();
            if let Err(reason) = self.poll() {
                return End::Failed(reason);
            }
            if last_commit.elapsed() >= COMMIT_INTERVAL {
                last_commit = Instant::now();
                self.commit_in_background();
                self.query_ends();
                self.renew_credentials();
            }
        }
        let committed =
            self.client.context().commit_within(&self.client, &self.inbox.assigned(), LAST_COMMIT_LIMIT);
        // Dropping the client leaves the group.
        committed.map_or_else(End::Uncommitted, |()| End::Stopped)
    }

    /// Waits for a record or another event. Fails if the client can't be used any more.
    fn poll(&self) -> Result<(), String> {
        match self.client.poll(POLL_INTERVAL) {
            Some(Ok(message)) => {
                self.monitor.up();
                self.inbox.push(Record::copied(&message, &self.subscription.topic));
            }
            Some(Err(error @ ClientError::MessageConsumptionFatal(_))) => return Err(error.to_string()),
            // `GroupEvents::error` has logged it, and librdkafka retries by itself.
            Some(Err(_)) | None => {}
        }
        Ok(())
    }

    /// Pauses fetching when the inbox stays full, and resumes it when there is room.
    fn adjust_fetching(&self) {
        let is_fetching = &self.client.context().is_fetching;
        let was_fetching = is_fetching.load(Ordering::Relaxed);
        let timeout = if was_fetching { ROOM_TIMEOUT } else { Duration::ZERO };
        let has_room = self.inbox.wait_for_room(timeout) == Room::Free;
        if has_room != was_fetching {
            is_fetching.store(has_room, Ordering::Relaxed);
            let partitions = partition_list(&self.subscription.topic, &self.inbox.assigned());
            self.client.context().set_fetching(&self.client, &partitions);
        }
    }

    fn commit_in_background(&self) {
        let positions = self.inbox.committable();
        if positions.is_empty() {
            return;
        }
        // The result is passed to `GroupEvents`.
        let offsets = offset_list(&self.subscription.topic, &positions);
        if let Err(error) = self.client.commit(&offsets, CommitMode::Async) {
            self.client.context().commit_failed(&error);
        }
    }

    /// Asks the brokers for the ends of partitions that are not being fetched, so that the lag keeps growing: librdkafka
    /// learns an end only from a fetch.
    fn query_ends(&self) {
        if self.client.context().is_fetching.load(Ordering::Relaxed) {
            return;
        }
        let start = Instant::now();
        let topic = &*self.subscription.topic;
        let mut ends: BTreeMap<i32, i64> = self.inbox.ends();
        // The partition with the smallest known end first: it was queried the longest time ago, or never.
        let mut partitions = self.inbox.assigned();
        partitions.sort_by_key(|partition| ends.get(partition).copied());
        for partition in partitions {
            let Some(left) = QUERY_TIME.checked_sub(start.elapsed()) else { break };
            match self.client.fetch_watermarks(topic, partition, left) {
                Ok((_, end)) => drop(ends.insert(partition, end)),
                Err(error) => {
                    debug!(topic, partition, %error, "failed to query the end of a partition");
                    break;
                }
            }
        }
        self.inbox.set_ends(ends);
    }

    /// Joins again with credentials that were replaced, after brokers have rejected the old ones.
    fn renew_credentials(&mut self) {
        if !self.monitor.is_rejected() {
            return;
        }
        let credentials = Credentials::read(&self.subscription.settings);
        if credentials == self.credentials {
            return;
        }
        let topic = &*self.subscription.topic;
        match self.subscription.subscribe(&self.inbox, &self.monitor) {
            Ok(client) => {
                info!(topic, "kafka credentials were replaced, joining the group again");
                self.credentials = credentials;
                self.client = client;
                self.inbox.revoke(&self.inbox.assigned());
            }
            Err(error) => warn!(topic, %error, "failed to join the group with new credentials"),
        }
    }
}

impl Subscription {
    fn subscribe(
        &self,
        inbox: &Arc<Inbox>,
        monitor: &Arc<Monitor>,
    ) -> Result<BaseConsumer<GroupEvents>, KafkaError> {
        let events = GroupEvents {
            topic: Arc::clone(&self.topic),
            is_required: self.is_required,
            inbox: Arc::clone(inbox),
            monitor: Arc::clone(monitor),
            // A leader that does not answer keeps the group waiting, and its members' commits rejected, until the coordinator
            // removes it after a session timeout. Meanwhile librdkafka sends the heartbeats. Twice that, as the next leader may
            // fail too.
            revocation_limit: 2 * self.settings.session_timeout,
            is_fetching: AtomicBool::new(true),
            is_failing_to_commit: AtomicBool::new(false),
        };
        let config = settings::consumer(&self.settings, &self.group)?;
        let client: BaseConsumer<GroupEvents> = config.create_with_context(events).context(ClientSnafu)?;
        client.subscribe(&[&*self.topic]).context(SubscribeSnafu { topic: &*self.topic })?;
        Ok(client)
    }
}
