//! Reading of a topic from its beginning to its current end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ccx_config::Kafka;
use rdkafka::Offset;
use rdkafka::consumer::{Consumer as _, StreamConsumer};
use rdkafka::error::{KafkaError as ClientError, KafkaResult, RDKafkaErrorCode as Code};
use rdkafka::topic_partition_list::TopicPartitionList;
use snafu::ResultExt;
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::connectivity::Monitor;
use super::error::{ClientSnafu, LookupSnafu, ReadSnafu, ReadTimeoutSnafu};
use super::events::Events;
use super::{KafkaError, Record, settings};

/// Longest wait for an answer of the brokers about the topic.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(10);

/// Longest wait for the next record while the end is not reached.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// Longest wait for the error of a connection after a query that failed without a cause.
const CAUSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Longest wait for one event meanwhile.
const EVENT_TIMEOUT: Duration = Duration::from_millis(20);

/// Reads the records that are in a topic at the time of [`open`](Self::open), without a consumer group: nothing is committed.
pub struct TopicReader {
    topic: Arc<str>,
    client: Client,
    monitor: Arc<Monitor>,
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
    /// Queries the offsets of the topic's partitions.
    pub async fn open(settings: &Kafka, topic: &str) -> Result<Self, KafkaError> {
        let (events, monitor) = Events::new("reader");
        let client: Client = settings::reader(settings)?.create_with_context(events).context(ClientSnafu)?;
        let opened = {
            let (topic, monitor) = (topic.to_owned(), Arc::clone(&monitor));
            tokio::task::spawn_blocking(move || begin(client, &topic, &monitor)).await
        };
        let opened = opened.unwrap_or(Err(ClientError::Canceled));
        let opened = opened.map_err(|source| monitor.explain(source));
        let (client, extents) = opened.context(LookupSnafu { topic })?;
        let ends = extents.into_iter().map(|extent| (extent.partition, extent.end)).collect();
        Ok(Self { topic: topic.into(), client, monitor, ends })
    }

    /// Returns all records that are left. For topics that fit into memory.
    pub async fn read_to_end(mut self) -> Result<Vec<Record>, KafkaError> {
        let mut records = Vec::new();
        while let Some(record) = self.next().await? {
            records.push(record);
        }
        Ok(records)
    }

    /// Returns the next record, in order within each partition; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Record>, KafkaError> {
        let topic = &*self.topic;
        while !self.ends.is_empty() {
            let Ok(received) = timeout(READ_TIMEOUT, self.client.recv()).await else {
                return ReadTimeoutSnafu { topic, timeout: READ_TIMEOUT }.fail();
            };
            match received {
                Ok(message) => {
                    let record = Record::copied(&message, &self.topic);
                    if is_within(&mut self.ends, &record) {
                        return Ok(Some(record));
                    }
                }
                // The last records before the end may have been removed by compaction.
                Err(ClientError::PartitionEOF(partition)) => {
                    self.ends.remove(&partition);
                }
                Err(error) if is_passing(&error) => {}
                Err(source) => return Err(self.monitor.explain(source)).context(ReadSnafu { topic }),
            }
        }
        Ok(None)
    }
}

/// Sets the client to the beginning of each partition that has records.
fn begin(client: Client, topic: &str, monitor: &Monitor) -> KafkaResult<(Client, Vec<Extent>)> {
    let mut extents = extents(&client, topic).inspect_err(|_| serve_events(&client, monitor))?;
    extents.retain(|extent| extent.start < extent.end);
    let mut starts = TopicPartitionList::new();
    for extent in &extents {
        starts.add_partition_offset(topic, extent.partition, Offset::Offset(extent.start))?;
    }
    client.assign(&starts)?;
    Ok((client, extents))
}

/// Passes the errors of connections to the monitor: librdkafka queues them until the client is polled, which may be after it has
/// failed the query.
fn serve_events(client: &Client, monitor: &Monitor) {
    let runtime = Handle::current();
    let deadline = Instant::now() + CAUSE_TIMEOUT;
    while !monitor.has_cause() && Instant::now() < deadline {
        // A callback takes the error: the call itself may return nothing.
        let _ = runtime.block_on(async { timeout(EVENT_TIMEOUT, client.recv()).await });
    }
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

/// Returns whether the record existed at the start, and drops its partition from `ends` after its last record.
fn is_within(ends: &mut BTreeMap<i32, i64>, record: &Record) -> bool {
    let Some(end) = ends.get(&record.partition).copied() else { return false };
    if record.offset + 1 >= end {
        ends.remove(&record.partition);
    }
    record.offset < end
}

/// Returns whether librdkafka retries by itself.
fn is_passing(error: &ClientError) -> bool {
    let code = error.rdkafka_error_code();
    matches!(
        code,
        Some(Code::AllBrokersDown | Code::BrokerTransportFailure | Code::Resolve | Code::OperationTimedOut)
    )
}
