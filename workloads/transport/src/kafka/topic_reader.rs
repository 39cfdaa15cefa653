//! Reading a topic once, from its begin to its end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ccx_config::Kafka;
use rdkafka::Offset;
use rdkafka::consumer::{Consumer as _, StreamConsumer};
use rdkafka::error::{KafkaError as ClientError, KafkaResult, RDKafkaErrorCode as Code};
use rdkafka::topic_partition_list::TopicPartitionList;
use snafu::ResultExt;

use super::connectivity::Monitor;
use super::error::{ClientSnafu, LookupSnafu, ReadSnafu, ReadTimeoutSnafu};
use super::events::Events;
use super::{KafkaError, Record, settings};

/// How long brokers may take to answer one question about the topic.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(10);

/// How long to wait for the next record while the end is not reached.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// Reads the records that are in a topic at the time of [`open`](Self::open), without a consumer group: nothing is committed.
pub struct TopicReader {
    topic: Arc<str>,
    client: Client,
    /// For each partition that is not read to its end, the offset after its last record.
    ends: BTreeMap<i32, i64>,
}

type Client = StreamConsumer<Events>;

/// The records that a partition has: `start..end`, with gaps.
struct Extent {
    partition: i32,
    start: i64,
    end: i64,
}

impl TopicReader {
    /// Looks up how far the topic's partitions go.
    pub async fn open(settings: &Kafka, topic: &str) -> Result<Self, KafkaError> {
        let events = Events { monitor: Arc::new(Monitor::new("reader")) };
        let client: Client = settings::reader(settings)?.create_with_context(events).context(ClientSnafu)?;
        let opened = {
            let topic = topic.to_owned();
            tokio::task::spawn_blocking(move || begin(client, &topic)).await
        };
        let (client, extents) =
            opened.unwrap_or(Err(ClientError::Canceled)).context(LookupSnafu { topic })?;
        let ends = extents.into_iter().map(|extent| (extent.partition, extent.end)).collect();
        Ok(Self { topic: topic.into(), client, ends })
    }

    /// The next record, in order within each partition; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Record>, KafkaError> {
        let topic = &*self.topic;
        while !self.ends.is_empty() {
            let Ok(received) = tokio::time::timeout(READ_TIMEOUT, self.client.recv()).await else {
                return ReadTimeoutSnafu { topic, timeout: READ_TIMEOUT }.fail();
            };
            match received {
                Ok(message) => {
                    let record = Record::copied(&message, &self.topic);
                    if is_within(&mut self.ends, &record) {
                        return Ok(Some(record));
                    }
                }
                // The last records before the end may have been compacted away.
                Err(ClientError::PartitionEOF(partition)) => {
                    self.ends.remove(&partition);
                }
                Err(error) if is_passing(&error) => {}
                Err(source) => return Err(source).context(ReadSnafu { topic }),
            }
        }
        Ok(None)
    }
}

/// Sets the client to the begin of each partition that has records.
fn begin(client: Client, topic: &str) -> KafkaResult<(Client, Vec<Extent>)> {
    let mut extents = extents(&client, topic)?;
    extents.retain(|extent| extent.start < extent.end);
    let mut starts = TopicPartitionList::new();
    for extent in &extents {
        starts.add_partition_offset(topic, extent.partition, Offset::Offset(extent.start))?;
    }
    client.assign(&starts)?;
    Ok((client, extents))
}

fn extents(client: &Client, topic: &str) -> KafkaResult<Vec<Extent>> {
    let metadata = client.fetch_metadata(Some(topic), LOOKUP_TIMEOUT)?;
    let topics = metadata.topics().iter().filter(|found| found.name() == topic);
    let mut extents = Vec::new();
    for found in topics {
        if let Some(error) = found.error() {
            return Err(ClientError::MetadataFetch(error.into()));
        }
        for partition in found.partitions().iter().map(rdkafka::metadata::MetadataPartition::id) {
            let (start, end) = client.fetch_watermarks(topic, partition, LOOKUP_TIMEOUT)?;
            extents.push(Extent { partition, start, end });
        }
    }
    Ok(extents)
}

/// Whether the record was there at the start; notes when it was the last one of its partition.
fn is_within(ends: &mut BTreeMap<i32, i64>, record: &Record) -> bool {
    let Some(end) = ends.get(&record.partition).copied() else { return false };
    if record.offset + 1 >= end {
        ends.remove(&record.partition);
    }
    record.offset < end
}

/// Whether librdkafka deals with it by itself.
fn is_passing(error: &ClientError) -> bool {
    let code = error.rdkafka_error_code();
    matches!(
        code,
        Some(Code::AllBrokersDown | Code::BrokerTransportFailure | Code::Resolve | Code::OperationTimedOut)
    )
}
