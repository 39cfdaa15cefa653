//! Delivery to and commits of one member of a group.

use std::time::Duration;

use ccx_transport::{Outgoing, Position, Record, TopicReader};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use tokio::time::timeout;

use crate::brokers::{Brokers, DEADLINE, GROUP, TOPIC, eventually, next, next_numbers, number};

/// Returns the committed offset of partition 0.
fn committed(cluster: &MockCluster<'_, DefaultProducerContext>) -> Option<i64> {
    let client: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", cluster.bootstrap_servers())
        .set("group.id", GROUP)
        .create()
        .unwrap();
    let mut partitions = TopicPartitionList::new();
    partitions.add_partition(TOPIC, 0);
    let offsets = client.committed_offsets(partitions, DEADLINE).unwrap();
    offsets.find_partition(TOPIC, 0).unwrap().offset().to_raw().filter(|offset| *offset >= 0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn next_member_continues_after_the_contiguous_prefix_of_finished_records() {
    let brokers = Brokers::with_partitions(1);
    brokers.send(0..5).await;

    let consumer = brokers.consumer();
    let mut records = Vec::new();
    while records.len() < 5 {
        records.push(next(&consumer).await);
    }
    for offset in [0, 1, 3] {
        consumer.finished(Position { partition: 0, offset });
    }
    consumer.close().await.unwrap();
    assert_eq!(committed(&brokers.cluster), Some(2));

    let again = brokers.consumer();
    let expected: Vec<u32> = records[2..].iter().map(number).collect();
    assert_eq!(next_numbers(&again, 3).await, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unfinished_records_are_delivered_again() {
    let brokers = Brokers::with_partitions(1);
    brokers.send(0..3).await;
    let consumer = brokers.consumer();
    let first = next_numbers(&consumer, 3).await;
    drop(consumer);
    assert_eq!(next_numbers(&brokers.consumer(), 3).await, first);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn finished_records_are_committed_in_the_background() {
    let brokers = Brokers::with_partitions(1);
    brokers.send(0..3).await;
    let consumer = brokers.consumer();
    finish_next(&consumer, 2).await;
    eventually("two records are committed", async || committed(&brokers.cluster) == Some(2)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failed_commit_is_counted_and_retried() {
    let brokers = Brokers::with_partitions(1);
    brokers.send(0..1).await;
    let refusals = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE; 2];
    brokers.cluster.request_errors(RDKafkaApiKey::OffsetCommit, &refusals);
    let consumer = brokers.consumer();
    finish_next(&consumer, 1).await;
    eventually("the record is committed", async || committed(&brokers.cluster) == Some(1)).await;
    assert!(consumer.take_commit_failures() > 0);
    assert_eq!(consumer.take_commit_failures(), 0);
}

async fn finish_next(consumer: &ccx_transport::Consumer, count: usize) {
    for _ in 0..count {
        consumer.finished(next(consumer).await.position());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paused_consumer_delivers_and_loses_nothing() {
    let brokers = Brokers::with_partitions(2);
    let consumer = brokers.consumer();
    consumer.pause();
    // More than the buffer holds, so that fetching itself is paused.
    brokers.send(0..1000).await;
    let silence = timeout(Duration::from_secs(6), consumer.next()).await;
    assert!(silence.is_err(), "a record came while paused");

    consumer.resume();
    let mut records: Vec<Record> = Vec::new();
    while records.len() < 1000 {
        records.push(next(&consumer).await);
    }
    let mut numbers: Vec<u32> = records.iter().map(number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..1000).collect::<Vec<_>>());
    for partition in 0..2 {
        let offsets =
            records.iter().filter(|record| record.partition == partition).map(|record| record.offset);
        assert!(offsets.is_sorted(), "the order within partition {partition} is lost");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_user_receives_every_record_once_and_in_order() {
    let brokers = Brokers::with_partitions(1);
    brokers.send(0..800).await;
    let consumer = brokers.consumer();
    for offset in 0..800 {
        let record = next(&consumer).await;
        assert_eq!(record.offset, offset);
        consumer.finished(record.position());
        // Long enough for the thread's wait for room to time out a few times.
        if offset % 200 == 0 {
            tokio::time::sleep(Duration::from_millis(600)).await;
        }
    }
    consumer.close().await.unwrap();
    assert_eq!(committed(&brokers.cluster), Some(800));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lag_counts_uncommitted_records() {
    let brokers = Brokers::with_partitions(1);
    brokers.send(0..10).await;
    let consumer = brokers.consumer();
    assert_eq!(consumer.lag(), None);
    finish_next(&consumer, 4).await;
    eventually("six records are left", async || consumer.lag() == Some(6)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lag_grows_while_the_user_takes_no_records() {
    let brokers = Brokers::with_partitions(2);
    let consumer = brokers.consumer();
    brokers.send(0..10).await;
    eventually("the first records are counted", async || consumer.lag() == Some(10)).await;
    // More than the inbox and librdkafka's prefetch hold.
    let producer = brokers.producer();
    let payload = vec![0; 100_000];
    let sent = (0..200)
        .map(|_| producer.send(Outgoing { topic: TOPIC, key: None, headers: &[], payload: &payload }));
    futures::future::try_join_all(sent).await.unwrap();
    eventually("all records are counted", async || consumer.lag() == Some(210)).await;
    assert!(consumer.last_beat().elapsed() < Duration::from_secs(10));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn header_name_that_is_not_utf_8_is_dropped_and_counted() {
    let brokers = Brokers::with_partitions(1);
    let headers = [(b"service".as_slice(), b"openshift".as_slice()), (b"\xff\xfe", b"value")];
    let record = ccx_local::RawRecord { topic: TOPIC, headers: &headers, payload: b"1" };
    record.send(&brokers.cluster.bootstrap_servers()).unwrap();
    brokers.send(2..3).await;

    let consumer = brokers.consumer();
    let first = next(&consumer).await;
    assert_eq!((first.headers.unreadable(), first.headers.get_str("service")), (1, Some("openshift")));
    assert_eq!(first.payload, "1");
    let second = next(&consumer).await;
    assert_eq!((number(&second), second.headers.unreadable()), (2, 0));

    let mut reader = TopicReader::open(&brokers.settings, TOPIC).await.unwrap();
    assert_eq!(reader.next().await.unwrap().unwrap().headers.unreadable(), 1);
    assert_eq!(number(&reader.next().await.unwrap().unwrap()), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn record_has_every_part_of_the_message() {
    let brokers = Brokers::with_partitions(1);
    let headers = [("service", b"openshift".as_slice()), ("empty", b"")];
    let message = Outgoing { topic: TOPIC, key: Some(b"key"), headers: &headers, payload: b"{}" };
    brokers.producer().send(message).await.unwrap();
    let record = next(&brokers.consumer()).await;
    assert_eq!((&*record.topic, record.partition, record.offset), (TOPIC, 0, 0));
    assert_eq!((record.key.as_deref(), record.payload.as_ref()), (Some(b"key".as_slice()), b"{}".as_slice()));
    assert_eq!(record.headers.iter().collect::<Vec<_>>(), headers);
    assert!(record.timestamp_ms.is_some_and(|time| time > 1_700_000_000_000));
}
