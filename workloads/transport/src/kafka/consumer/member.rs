//! The thread that talks to the brokers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ccx_config::Kafka;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError as ClientError, KafkaResult, RDKafkaErrorCode as Code};
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka::{ClientContext, Offset};
use snafu::ResultExt;
use tracing::{debug, info, warn};

use super::inbox::{Inbox, Room};
use crate::kafka::connectivity::Monitor;
use crate::kafka::error::{ClientSnafu, SubscribeSnafu};
use crate::kafka::settings;
use crate::kafka::statistics::Statistics;
use crate::{KafkaError, Position, Record};

/// How often offsets are committed: what a crash repeats, against a request that a broker must store.
const COMMIT_INTERVAL: Duration = Duration::from_secs(1);

/// How long the thread sleeps when nothing happens, before it looks at the clock and at whether it is to stop.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// How long a full inbox is waited for. Then fetching is paused, which throws away what was fetched ahead, so that the
/// thread can serve the group meanwhile.
const PATIENCE: Duration = Duration::from_millis(200);

/// The thread's half of a consumer.
pub(super) struct Member {
    client: BaseConsumer<Events>,
    topic: Arc<str>,
    inbox: Arc<Inbox>,
}

impl Member {
    pub(super) fn join(
        settings: &Kafka,
        group: &str,
        topic: &Arc<str>,
        inbox: &Arc<Inbox>,
        monitor: &Arc<Monitor>,
    ) -> Result<Self, KafkaError> {
        let events = Events {
            topic: Arc::clone(topic),
            inbox: Arc::clone(inbox),
            monitor: Arc::clone(monitor),
            is_fetching: AtomicBool::new(true),
        };
        let config = settings::consumer(settings, group)?;
        let client: BaseConsumer<Events> = config.create_with_context(events).context(ClientSnafu)?;
        client.subscribe(&[topic.as_ref()]).context(SubscribeSnafu { topic: topic.as_ref() })?;
        Ok(Self { client, topic: Arc::clone(topic), inbox: Arc::clone(inbox) })
    }

    /// Reads and commits until the inbox says stop; then commits a last time, leaves the group, and tells what the last
    /// commit came to.
    pub(super) fn run(self) -> Result<(), ClientError> {
        let mut last_commit = Instant::now();
        while !self.inbox.is_stopping() {
            self.adjust_fetching();
            self.poll();
            if last_commit.elapsed() >= COMMIT_INTERVAL {
                last_commit = Instant::now();
                self.commit_in_background();
            }
        }
        self.client.context().commit_now(&self.client, &self.inbox.assigned())
        // Dropping the client leaves the group.
    }

    fn poll(&self) {
        // An error has been told to `Events::error` before, and librdkafka goes on by itself.
        if let Some(Ok(message)) = self.client.poll(POLL_INTERVAL) {
            self.client.context().monitor.up();
            self.inbox.push(Record::copied(&message, &self.topic));
        }
    }

    /// Pauses fetching when the inbox stays full, and resumes it when there is room.
    fn adjust_fetching(&self) {
        let is_fetching = &self.client.context().is_fetching;
        let was_fetching = is_fetching.load(Ordering::Relaxed);
        let patience = if was_fetching { PATIENCE } else { Duration::ZERO };
        let has_room = self.inbox.wait_for_room(patience) == Room::Free;
        if has_room != was_fetching {
            is_fetching.store(has_room, Ordering::Relaxed);
            let partitions = partition_list(&self.topic, &self.inbox.assigned());
            self.client.context().set_fetching(&self.client, &partitions);
        }
    }

    fn commit_in_background(&self) {
        let positions = self.inbox.committable();
        if positions.is_empty() {
            return;
        }
        // The result comes to `Events::commit_callback`.
        if let Err(error) = self.client.commit(&offset_list(&self.topic, &positions), CommitMode::Async) {
            debug!(topic = &*self.topic, %error, "failed to begin a commit; it is tried again");
        }
    }
}

/// What librdkafka tells; it calls from within `poll`, on our thread.
struct Events {
    topic: Arc<str>,
    inbox: Arc<Inbox>,
    monitor: Arc<Monitor>,
    is_fetching: AtomicBool,
}

impl Events {
    /// Commits what is finished of `partitions`, and waits for the answer.
    fn commit_now(&self, client: &BaseConsumer<Self>, partitions: &[i32]) -> Result<(), ClientError> {
        let mut positions = self.inbox.committable();
        positions.retain(|position| partitions.contains(&position.partition));
        if positions.is_empty() {
            return Ok(());
        }
        client.commit(&offset_list(&self.topic, &positions), CommitMode::Sync)?;
        for position in positions {
            self.inbox.committed(position);
        }
        Ok(())
    }

    fn set_fetching(&self, client: &BaseConsumer<Self>, partitions: &TopicPartitionList) {
        let is_fetching = self.is_fetching.load(Ordering::Relaxed);
        let result = if is_fetching { client.resume(partitions) } else { client.pause(partitions) };
        match result {
            Ok(()) => debug!(topic = &*self.topic, is_fetching, "switched fetching"),
            Err(error) => warn!(topic = &*self.topic, is_fetching, %error, "failed to switch fetching"),
        }
    }

    fn on_revoke(&self, client: &BaseConsumer<Self>, partitions: &[i32]) {
        if client.assignment_lost() {
            info!(topic = &*self.topic, ?partitions, "partitions are lost: the group has given us up");
        } else if let Err(error) = self.commit_now(client, partitions) {
            warn!(topic = &*self.topic, ?partitions, %error, "failed to commit partitions that are taken away; some of their records will be delivered again");
        }
        self.inbox.revoke(partitions);
        info!(topic = &*self.topic, ?partitions, "partitions are taken away");
    }
}

impl ConsumerContext for Events {
    fn pre_rebalance(&self, client: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Assign(list) => {
                let partitions = partitions_of(list);
                self.inbox.assign(&partitions);
                self.monitor.up();
                info!(topic = &*self.topic, ?partitions, "partitions are assigned");
            }
            Rebalance::Revoke(list) => self.on_revoke(client, &partitions_of(list)),
            Rebalance::Error(error) => warn!(topic = &*self.topic, %error, "failed to rebalance"),
        }
    }

    fn post_rebalance(&self, client: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        // A pause outlives the assignment that it was made for.
        if let Rebalance::Assign(list) = rebalance {
            self.set_fetching(client, list);
        }
    }

    fn commit_callback(&self, result: KafkaResult<()>, offsets: &TopicPartitionList) {
        match result {
            Ok(()) => positions_of(offsets).for_each(|position| self.inbox.committed(position)),
            Err(ClientError::ConsumerCommit(Code::NoOffset)) => {}
            Err(error) => debug!(topic = &*self.topic, %error, "failed to commit; it is tried again"),
        }
    }
}

impl ClientContext for Events {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        self.monitor.log(level, facility, line);
    }

    fn stats_raw(&self, statistics: &[u8]) {
        if let Ok(statistics) = serde_json::from_slice::<Statistics>(statistics) {
            self.monitor.report(&statistics);
            self.inbox.set_lag(statistics.lag(&self.topic, &self.inbox.assigned()));
        }
    }

    fn error(&self, error: ClientError, reason: &str) {
        self.monitor.error(&error, reason);
    }
}

fn partitions_of(list: &TopicPartitionList) -> Vec<i32> {
    list.elements().iter().map(rdkafka::topic_partition_list::TopicPartitionListElem::partition).collect()
}

fn positions_of(list: &TopicPartitionList) -> impl Iterator<Item = Position> {
    list.elements().into_iter().filter_map(|element| {
        let offset = element.error().ok().and(element.offset().to_raw()).filter(|offset| *offset >= 0)?;
        Some(Position { partition: element.partition(), offset })
    })
}

fn partition_list(topic: &str, partitions: &[i32]) -> TopicPartitionList {
    let mut list = TopicPartitionList::with_capacity(partitions.len());
    for partition in partitions {
        list.add_partition(topic, *partition);
    }
    list
}

fn offset_list(topic: &str, positions: &[Position]) -> TopicPartitionList {
    let mut list = partition_list(topic, &[]);
    for position in positions {
        list.add_partition_offset(topic, position.partition, Offset::Offset(position.offset))
            .expect("an offset is representable when it comes from a record");
    }
    list
}
