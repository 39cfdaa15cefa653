//! Brokers to test against.

use std::time::Duration;

use ccx_config::Kafka;
pub(crate) use ccx_test_support::eventually_async as eventually;
use ccx_transport::{Consumer, Outgoing, Producer, Record};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use tokio::time::timeout;

/// Timeout of a test's wait, with room for a busy machine. The mock brokers alone delay the first member of a
/// group by 3 s.
pub(crate) const DEADLINE: Duration = Duration::from_mins(2);

pub(crate) const TOPIC: &str = "announce";
pub(crate) const GROUP: &str = "pipeline";

/// One mock broker and a topic on it.
pub(crate) struct Brokers {
    pub(crate) cluster: MockCluster<'static, DefaultProducerContext>,
    pub(crate) settings: Kafka,
}

impl Brokers {
    pub(crate) fn with_partitions(partitions: i32) -> Self {
        let cluster = MockCluster::new(1).unwrap();
        cluster.create_topic(TOPIC, partitions, 1).unwrap();
        let settings = settings(&cluster.bootstrap_servers());
        Self { cluster, settings }
    }

    /// As [`Brokers::with_partitions`], for several members of a group.
    ///
    /// The mock ends a rebalance a second before the session timeout, and excludes members that have not joined again by then;
    /// real brokers wait for five minutes. So a session is long, and heartbeats, by which a member learns of the rebalance, are
    /// frequent: a member is excluded only if it is late by ten seconds.
    pub(crate) fn with_patient_groups(partitions: i32) -> Self {
        let mut brokers = Self::with_partitions(partitions);
        brokers.settings.session_timeout = Duration::from_secs(12);
        brokers.settings.properties.insert("heartbeat.interval.ms".to_owned(), "100".to_owned());
        log_group_protocol(&mut brokers.settings);
        brokers
    }

    /// The time from the second member's request to join until the group has an assignment.
    pub(crate) fn rebalance_time(&self) -> Duration {
        self.settings.session_timeout.saturating_sub(Duration::from_secs(1))
    }

    /// Returns a member of the group; of several, the one with the first `instance` in alphabetical order leads.
    ///
    /// The mock rejects the assignment request of a member that sends it after the leader has, as happens on a busy machine, and
    /// starts another rebalance, in which it also rejects the commits before a revocation; real brokers do neither. It does no
    /// harm to a member that has nothing to revoke yet, so a member that joins later has to lead.
    pub(crate) fn member(&self, instance: &str) -> Consumer {
        let mut settings = self.settings.clone();
        settings.properties.insert("group.instance.id".to_owned(), instance.to_owned());
        Consumer::subscribe(&settings, GROUP, TOPIC).unwrap()
    }

    pub(crate) fn consumer(&self) -> Consumer {
        Consumer::subscribe(&self.settings, GROUP, TOPIC).unwrap()
    }

    pub(crate) fn producer(&self) -> Producer {
        Producer::new(&self.settings).unwrap()
    }

    /// Sends messages with these numbers as payloads and keys; the keys spread them over the partitions.
    pub(crate) async fn send(&self, numbers: impl IntoIterator<Item = u32>) {
        let producer = self.producer();
        let sent = numbers.into_iter().map(|number| {
            let producer = producer.clone();
            async move { send_number(&producer, number).await }
        });
        futures::future::join_all(sent).await;
    }
}

/// Logs each step of the members; the output of a test that fails then shows which request was answered how, and when.
fn log_group_protocol(settings: &mut Kafka) {
    settings.properties.insert("debug".to_owned(), "cgrp".to_owned());
    // Fails if another test of the process has set it.
    let _ = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_ansi(false)
        .with_test_writer()
        .try_init();
}

pub(crate) fn settings(bootstrap_servers: &str) -> Kafka {
    // The mock broker answers a fetch without records only after its timeout, even if records arrive
    // meanwhile.
    let properties = [("fetch.wait.max.ms".to_owned(), "20".to_owned())].into();
    let bootstrap_servers = bootstrap_servers.split(',').map(str::to_owned).collect();
    Kafka { bootstrap_servers, session_timeout: Duration::from_secs(6), properties, ..Kafka::default() }
}

pub(crate) async fn send_number(producer: &Producer, number: u32) {
    let text = number.to_string();
    let message =
        Outgoing { topic: TOPIC, key: Some(text.as_bytes()), headers: &[], payload: text.as_bytes() };
    producer.send(message).await.unwrap();
}

pub(crate) fn number(record: &Record) -> u32 {
    std::str::from_utf8(&record.payload).unwrap().parse().unwrap()
}

pub(crate) async fn next(consumer: &Consumer) -> Record {
    timeout(DEADLINE, consumer.next()).await.expect("a record must arrive").unwrap()
}

pub(crate) async fn next_numbers(consumer: &Consumer, count: usize) -> Vec<u32> {
    let mut numbers = Vec::new();
    while numbers.len() < count {
        numbers.push(number(&next(consumer).await));
    }
    numbers
}
