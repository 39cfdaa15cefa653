//! Outages of brokers, and intermittent errors.

use std::time::Duration;

use ccx_config::Kafka;
use ccx_transport::{Connectivity, Consumer, TopicAdmin, TopicReader};
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use tokio::time::timeout;

use crate::brokers::{Brokers, GROUP, TOPIC, eventually, next_numbers, settings};

/// The mock cluster's only broker.
const BROKER: i32 = 1;

/// Returns an address at which no server listens.
fn nowhere() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn consumer_without_a_broker_waits_and_reports_the_cause() {
    let consumer = Consumer::subscribe(&settings(&nowhere()), GROUP, TOPIC).unwrap();
    let connectivity = consumer.connectivity();
    eventually("the broker is down", async || matches!(*connectivity.borrow(), Connectivity::Down(_))).await;
    let Connectivity::Down(reason) = connectivity.borrow().clone() else { unreachable!() };
    assert!(reason.contains("refused"), "{reason}");
    assert!(timeout(Duration::from_millis(100), consumer.next()).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn consumer_without_a_broker_closes_quickly() {
    let consumer = Consumer::subscribe(&settings(&nowhere()), GROUP, TOPIC).unwrap();
    timeout(Duration::from_secs(30), consumer.close()).await.expect("must end").unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outage_is_reported_and_records_are_delivered_after_it() {
    let brokers = Brokers::with_partitions(1);
    brokers.send(0..1).await;
    let consumer = brokers.consumer();
    let connectivity = consumer.connectivity();
    assert_eq!(next_numbers(&consumer, 1).await, [0]);
    assert!(connectivity.borrow().is_up());

    brokers.cluster.broker_down(BROKER).unwrap();
    eventually("the outage is noticed", async || matches!(*connectivity.borrow(), Connectivity::Down(_)))
        .await;
    brokers.cluster.broker_up(BROKER).unwrap();
    eventually("the return is noticed", async || connectivity.borrow().is_up()).await;
    brokers.send(1..2).await;
    assert_eq!(next_numbers(&consumer, 1).await, [1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_producer_reports_an_outage_and_its_end() {
    let brokers = Brokers::with_partitions(1);
    let producer = brokers.producer();
    let connectivity = producer.connectivity();
    eventually("the broker is connected", async || connectivity.borrow().is_up()).await;
    brokers.cluster.broker_down(BROKER).unwrap();
    eventually("the outage is noticed", async || matches!(*connectivity.borrow(), Connectivity::Down(_)))
        .await;
    brokers.cluster.broker_up(BROKER).unwrap();
    eventually("the return is noticed", async || connectivity.borrow().is_up()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_of_brokers_are_retried() {
    let brokers = Brokers::with_partitions(1);
    brokers.send(0..3).await;
    let fetch_errors = [
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN,
    ];
    brokers.cluster.request_errors(RDKafkaApiKey::Fetch, &fetch_errors);
    let join_errors = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE];
    brokers.cluster.request_errors(RDKafkaApiKey::JoinGroup, &join_errors);
    assert_eq!(next_numbers(&brokers.consumer(), 3).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn topic_that_does_not_exist_is_reported_until_it_exists() {
    for missing in [
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
    ] {
        let brokers = Brokers::with_partitions(1);
        brokers.cluster.topic_error(TOPIC, missing).unwrap();
        let consumer = brokers.consumer();
        let connectivity = consumer.connectivity();
        let is_reported = || matches!(&*connectivity.borrow(), Connectivity::Down(reason) if reason.starts_with("topic announce: "));
        eventually("the topic is reported", async || is_reported()).await;
        brokers.cluster.topic_error(TOPIC, RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR).unwrap();
        eventually("the topic is available", async || connectivity.borrow().is_up()).await;
        brokers.send(0..1).await;
        assert_eq!(next_numbers(&consumer, 1).await, [0]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn optional_topic_that_does_not_exist_is_awaited_silently() {
    let brokers = Brokers::with_partitions(1);
    brokers.cluster.topic_error(TOPIC, RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART).unwrap();
    let consumer = Consumer::subscribe_if_exists(&brokers.settings, GROUP, TOPIC).unwrap();
    let connectivity = consumer.connectivity();
    eventually("the broker is connected", async || connectivity.borrow().is_up()).await;
    brokers.cluster.topic_error(TOPIC, RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR).unwrap();
    brokers.send(0..1).await;
    assert_eq!(next_numbers(&consumer, 1).await, [0]);
    assert!(connectivity.borrow().is_up());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn query_without_a_broker_fails_with_the_cause_of_the_connection() {
    let settings = settings(&nowhere());
    let admin = TopicAdmin::connect(&settings).unwrap();
    let error = tokio::task::spawn_blocking(move || admin.partitions(TOPIC)).await.unwrap().unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("refused"), "{cause}");
    let error = TopicReader::open(&settings, TOPIC).await.err().unwrap();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("refused"), "{cause}");

    let unknown = Kafka { bootstrap_servers: vec!["broker.invalid:9092".into()], ..settings };
    let admin = TopicAdmin::connect(&unknown).unwrap();
    let error = tokio::task::spawn_blocking(move || admin.partitions(TOPIC)).await.unwrap().unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("resolve"), "{cause}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_brokers_deliver_every_record() {
    let brokers = Brokers::with_partitions(1);
    brokers.send(0..3).await;
    brokers.cluster.broker_round_trip_time(BROKER, Duration::from_millis(300)).unwrap();
    assert_eq!(next_numbers(&brokers.consumer(), 3).await.len(), 3);
}
