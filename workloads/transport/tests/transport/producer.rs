//! Sending of messages.

use std::time::Duration;

use ccx_config::Kafka;
use ccx_messages::ErrorClass;
use ccx_transport::{Outgoing, Producer, Record, TopicReader};
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

use crate::brokers::{Brokers, TOPIC, number, send_number, settings};

async fn read_all(settings: &Kafka, topic: &str) -> Vec<Record> {
    let mut reader = TopicReader::open(settings, topic).await.unwrap();
    let mut records = Vec::new();
    while let Some(record) = reader.next().await.unwrap() {
        records.push(record);
    }
    records
}

fn with_property(settings: &Kafka, name: &str, value: &str) -> Kafka {
    let mut settings = settings.clone();
    settings.properties.insert(name.into(), value.into());
    settings
}

fn message(payload: &[u8]) -> Outgoing<'_> {
    Outgoing { topic: TOPIC, key: None, headers: &[], payload }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn message_that_fails_in_transit_is_retried_and_stored_once() {
    let brokers = Brokers::with_partitions(1);
    let errors = [
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
    ];
    brokers.cluster.request_errors(RDKafkaApiKey::Produce, &errors);
    send_number(&brokers.producer(), 7).await;
    let stored: Vec<u32> = read_all(&brokers.settings, TOPIC).await.iter().map(number).collect();
    assert_eq!(stored, [7]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_large_message_is_bad_input() {
    let brokers = Brokers::with_partitions(1);
    let producer = Producer::new(&with_property(&brokers.settings, "message.max.bytes", "1000")).unwrap();
    let error = producer.send(message(&[0; 2000])).await.expect_err("must fail");
    assert_eq!(error.class(), ErrorClass::BadInput);
    assert_eq!(error.to_string(), "failed to send a message to topic announce");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn message_without_a_broker_fails_as_transient() {
    let producer =
        Producer::new(&with_property(&settings("127.0.0.1:1"), "message.timeout.ms", "500")).unwrap();
    let error = producer.send(message(b"{}")).await.expect_err("must fail");
    assert_eq!(error.class(), ErrorClass::Transient);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sender_waits_for_a_full_queue() {
    let brokers = Brokers::with_partitions(1);
    let narrow = with_property(&brokers.settings, "queue.buffering.max.messages", "2");
    let producer = Producer::new(&narrow).unwrap();
    futures::future::join_all((0..20).map(|number| send_number(&producer, number))).await;
    assert_eq!(read_all(&brokers.settings, TOPIC).await.len(), 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn permanently_failed_producer_is_replaced() {
    let brokers = Brokers::with_partitions(1);
    let errors = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED];
    brokers.cluster.request_errors(RDKafkaApiKey::InitProducerId, &errors);
    let producer = brokers.producer();
    let error = producer.send(message(b"1")).await.expect_err("must fail");
    assert_eq!(error.class(), ErrorClass::Transient);

    let mut attempts = 0;
    while producer.send(message(b"2")).await.is_err() {
        attempts += 1;
        assert!(attempts < 5, "it was not replaced");
    }
    assert_eq!(read_all(&brokers.settings, TOPIC).await.iter().map(number).collect::<Vec<_>>(), [2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flush_ends_after_the_acknowledgements_or_the_timeout() {
    let brokers = Brokers::with_partitions(1);
    let producer = brokers.producer();
    send_number(&producer, 1).await;
    producer.flush(Duration::from_secs(30)).await.unwrap();

    let lonely = Producer::new(&settings("127.0.0.1:1")).unwrap();
    let waiting = tokio::spawn({
        let lonely = lonely.clone();
        async move { lonely.send(message(b"{}")).await }
    });
    tokio::task::yield_now().await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let error = lonely.flush(Duration::from_millis(200)).await.expect_err("must fail");
    assert_eq!(error.class(), ErrorClass::Transient);
    waiting.abort();
}
