//! Offsets of a group without members.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ccx_config::Kafka;
use rdkafka::Offset;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::error::{KafkaError as ClientError, KafkaResult};
use rdkafka::topic_partition_list::TopicPartitionList;
use snafu::ResultExt;

use super::connectivity::Monitor;
use super::error::{ClientSnafu, CommitSnafu, LookupSnafu};
use super::events::Events;
use super::{KafkaError, settings};

/// Longest wait for an answer of the brokers.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The committed position in one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommittedOffset {
    /// The next offset.
    pub offset: i64,
    /// The text that was committed with it, at most 4096 bytes with the brokers' defaults.
    pub metadata: String,
}

/// Reads and commits the offsets of a group that has no members, for a tool that remembers its progress.
///
/// Brokers delete the offsets of such a group after `offsets.retention.minutes` without a commit, 7 days by default.
#[derive(Clone)]
pub struct GroupOffsets {
    client: Arc<BaseConsumer<Events>>,
    monitor: Arc<Monitor>,
    topic: Arc<str>,
}

impl GroupOffsets {
    /// Creates a client, without talking to the brokers.
    pub fn connect(settings: &Kafka, group: &str, topic: &str) -> Result<Self, KafkaError> {
        let (events, monitor) = Events::new("offsets");
        let mut config = settings::reader(settings)?;
        config.set("group.id", group);
        let client: BaseConsumer<Events> = config.create_with_context(events).context(ClientSnafu)?;
        Ok(Self { client: Arc::new(client), monitor, topic: topic.into() })
    }

    /// Returns the committed position of each partition that has one.
    pub async fn committed(&self) -> Result<BTreeMap<i32, CommittedOffset>, KafkaError> {
        let (client, topic) = (Arc::clone(&self.client), Arc::clone(&self.topic));
        let committed = tokio::task::spawn_blocking(move || committed(&client, &topic)).await;
        let committed = committed.unwrap_or(Err(ClientError::Canceled));
        let committed = committed.map_err(|source| self.monitor.explain(source));
        committed.context(LookupSnafu { topic: &*self.topic })
    }

    /// Commits the position in a partition.
    pub async fn commit(&self, partition: i32, committed: CommittedOffset) -> Result<(), KafkaError> {
        let (client, topic) = (Arc::clone(&self.client), Arc::clone(&self.topic));
        let commit = move || commit(&client, &topic, partition, &committed);
        let result = tokio::task::spawn_blocking(commit).await.unwrap_or(Err(ClientError::Canceled));
        result.context(CommitSnafu { topic: &*self.topic })
    }
}

fn committed(client: &BaseConsumer<Events>, topic: &str) -> KafkaResult<BTreeMap<i32, CommittedOffset>> {
    let metadata = client.fetch_metadata(Some(topic), TIMEOUT)?;
    let mut partitions = TopicPartitionList::new();
    for found in metadata.topics().iter().filter(|found| found.name() == topic) {
        for partition in found.partitions() {
            partitions.add_partition(topic, partition.id());
        }
    }
    let committed = client.committed_offsets(partitions, TIMEOUT)?;
    let positions = committed.elements().into_iter().filter_map(|element| {
        let offset = element.offset().to_raw().filter(|offset| *offset >= 0)?;
        Some((element.partition(), CommittedOffset { offset, metadata: element.metadata().to_owned() }))
    });
    Ok(positions.collect())
}

fn commit(
    client: &BaseConsumer<Events>,
    topic: &str,
    partition: i32,
    committed: &CommittedOffset,
) -> KafkaResult<()> {
    let mut list = TopicPartitionList::new();
    let mut element = list.add_partition(topic, partition);
    element.set_offset(Offset::Offset(committed.offset))?;
    element.set_metadata(&committed.metadata);
    client.commit(&list, CommitMode::Sync)
}
