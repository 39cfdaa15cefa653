//! The settings in which the writers differ.

use std::net::SocketAddr;

use ccx_config::{Config, Topics};

use crate::{WriterError, error::NoTopicSnafu};

/// The name of the writer of reports.
pub const SERVICE: &str = "insights-results-db-writer";

/// A writer.
#[derive(Clone, Debug)]
pub(crate) struct Role<'a> {
    /// The name of the workload.
    pub(crate) workload: &'static str,
    /// Its name in statuses and dead letters.
    pub(crate) service_name: &'a str,
    /// The address of metrics and health.
    pub(crate) listen: SocketAddr,
    /// Its consumer group.
    pub(crate) group: &'a str,
    /// The topic that it reads.
    pub(crate) topic: &'a str,
    /// The topic of the messages that it rejects; without one, they are counted and logged.
    pub(crate) dead_letters: Option<&'a str>,
    /// Prefix of its metrics.
    pub(crate) metrics_namespace: &'a str,
}

impl<'a> Role<'a> {
    pub(crate) fn reports(config: &'a Config) -> Self {
        Self {
            workload: SERVICE,
            service_name: &config.writer.service_name,
            listen: config.writer.listen,
            group: &config.writer.group,
            topic: &config.kafka.topics.results,
            dead_letters: Some(&config.kafka.topics.results_dead_letters),
            metrics_namespace: &config.writer.metrics_namespace,
        }
    }

    pub(crate) fn workloads(config: &'a Config) -> Result<Self, WriterError> {
        let topics = &config.kafka.topics;
        snafu::ensure!(!topics.workloads.is_empty(), NoTopicSnafu { key: "kafka.topics.workloads" });
        Ok(Self {
            workload: "dvo-writer",
            service_name: &config.dvo_writer.service_name,
            listen: config.dvo_writer.listen,
            group: &config.dvo_writer.group,
            topic: &topics.workloads,
            dead_letters: Some(&topics.workloads_dead_letters),
            metrics_namespace: &config.dvo_writer.metrics_namespace,
        })
    }

    /// The writer of reports dead-letters the messages that this one rejects.
    pub(crate) fn requests(config: &'a Config) -> Self {
        Self {
            workload: "valkey-writer",
            service_name: &config.valkey_writer.service_name,
            listen: config.valkey_writer.listen,
            group: &config.valkey_writer.group,
            topic: &config.kafka.topics.results,
            dead_letters: None,
            metrics_namespace: &config.valkey_writer.metrics_namespace,
        }
    }

    /// Returns the consumer group and the topic of replayed dead letters.
    pub(crate) fn retries(&self) -> Option<(String, String)> {
        Some((format!("{}.retry", self.group), Topics::retry_of(self.dead_letters?)))
    }
}
