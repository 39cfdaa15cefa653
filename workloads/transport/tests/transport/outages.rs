//! Brokers that are away, come back, or fail now and then.

use std::time::Duration;

use ccx_transport::{Connectivity, Consumer};
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use tokio::time::timeout;

use crate::brokers::{Brokers, GROUP, TOPIC, eventually, next_numbers, settings};

/// The mock cluster's only broker.
const BROKER: i32 = 1;

/// An address at which nobody listens.
fn nowhere() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_broker_the_consumer_waits_and_says_why() {
    let consumer = Consumer::subscribe(&settings(&nowhere()), GROUP, TOPIC).unwrap();
    let connectivity = consumer.connectivity();
    eventually("the broker is down", || matches!(*connectivity.borrow(), Connectivity::Down(_))).await;
    let Connectivity::Down(reason) = connectivity.borrow().clone() else { unreachable!() };
    assert!(reason.contains("refused"), "{reason}");
    assert!(timeout(Duration::from_millis(100), consumer.next()).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_broker_closing_is_quick() {
    let consumer = Consumer::subscribe(&settings(&nowhere()), GROUP, TOPIC).unwrap();
    timeout(Duration::from_secs(30), consumer.close()).await.expect("must end").unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_an_outage_records_flow_again_and_connectivity_has_told_the_truth() {
    let brokers = Brokers::with_partitions(1);
    brokers.send(0..1).await;
    let consumer = brokers.consumer();
    let connectivity = consumer.connectivity();
    assert_eq!(next_numbers(&consumer, 1).await, [0]);
    assert!(connectivity.borrow().is_up());

    brokers.cluster.broker_down(BROKER).unwrap();
    eventually("the outage is noticed", || matches!(*connectivity.borrow(), Connectivity::Down(_))).await;
    brokers.cluster.broker_up(BROKER).unwrap();
    eventually("the return is noticed", || connectivity.borrow().is_up()).await;
    brokers.send(1..2).await;
    assert_eq!(next_numbers(&consumer, 1).await, [1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_producer_without_traffic_notices_an_outage_and_its_end() {
    let brokers = Brokers::with_partitions(1);
    let producer = brokers.producer();
    let connectivity = producer.connectivity();
    eventually("the broker is connected", || connectivity.borrow().is_up()).await;
    brokers.cluster.broker_down(BROKER).unwrap();
    eventually("the outage is noticed", || matches!(*connectivity.borrow(), Connectivity::Down(_))).await;
    brokers.cluster.broker_up(BROKER).unwrap();
    eventually("the return is noticed", || connectivity.borrow().is_up()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_of_the_brokers_never_reach_the_user() {
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
async fn slow_brokers_only_take_longer() {
    let brokers = Brokers::with_partitions(1);
    brokers.send(0..3).await;
    brokers.cluster.broker_round_trip_time(BROKER, Duration::from_millis(300)).unwrap();
    assert_eq!(next_numbers(&brokers.consumer(), 3).await.len(), 3);
}
