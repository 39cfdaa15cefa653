//! Reading a topic to its end.

use ccx_messages::ErrorClass;
use ccx_transport::TopicReader;

use crate::brokers::{Brokers, TOPIC, number, settings};

async fn rest(reader: &mut TopicReader) -> Vec<u32> {
    let mut numbers = Vec::new();
    while let Some(record) = reader.next().await.unwrap() {
        numbers.push(number(&record));
    }
    numbers.sort_unstable();
    numbers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_partition_is_read_to_its_end_at_the_start() {
    let brokers = Brokers::with_partitions(3);
    brokers.send(0..50).await;
    let mut reader = TopicReader::open(&brokers.settings, TOPIC).await.unwrap();
    brokers.send(50..100).await;
    assert_eq!(rest(&mut reader).await, (0..50).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reading_commits_nothing() {
    let brokers = Brokers::with_partitions(1);
    brokers.send(0..3).await;
    for _ in 0..2 {
        let mut reader = TopicReader::open(&brokers.settings, TOPIC).await.unwrap();
        assert_eq!(rest(&mut reader).await, [0, 1, 2]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn empty_topic_has_no_record() {
    let brokers = Brokers::with_partitions(2);
    let mut reader = TopicReader::open(&brokers.settings, TOPIC).await.unwrap();
    assert!(reader.next().await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opening_without_a_broker_fails_as_transient() {
    let error = TopicReader::open(&settings("127.0.0.1:1"), TOPIC).await.err().expect("must fail");
    assert_eq!(error.class(), ErrorClass::Transient);
    assert_eq!(error.to_string(), "failed to look up topic announce");
}
