//! The metrics of the writer.

use std::{sync::Arc, time::Duration};

use ccx_messages::ErrorClass;
use ccx_service::{MetricRegistrar, SqlMetrics, Telemetry};
use ccx_storage::QueryObserver;
use prometheus::{DEFAULT_BUCKETS, Histogram, IntCounter, IntCounterVec, IntGauge, exponential_buckets};
use snafu::ResultExt;

use crate::{WriterError, error::MetricsSnafu};

/// The first ten have the names, labels and buckets of the service that the writer replaces, so that dashboards keep working.
/// All names have the configured prefix.
#[derive(Clone)]
pub(crate) struct Metrics {
    pub(crate) consumed_messages: IntCounter,
    pub(crate) consuming_errors: IntCounter,
    pub(crate) empty_messages: IntCounter,
    pub(crate) produced_messages: IntCounter,
    pub(crate) written_reports: IntCounter,
    pub(crate) successful_processing_time: Histogram,
    pub(crate) failed_processing_time: Histogram,
    pub(crate) last_checked_lag_minutes: Histogram,
    sql: SqlMetrics,
    pub(crate) ignored_reports: IntCounter,
    pub(crate) batch_messages: Histogram,
    dead_letters: IntCounterVec,
    pub(crate) storage_retries: IntCounter,
    pub(crate) send_retries: IntCounter,
    pub(crate) unsent_messages: IntGauge,
    pub(crate) unauthenticated_moves: IntCounter,
    pub(crate) dropped_statuses: IntCounter,
    pub(crate) commit_failures: IntCounter,
    pub(crate) consumer_lag: IntGauge,
    pub(crate) active: IntGauge,
}

impl Metrics {
    /// Creates all metrics in the process's registry.
    pub(crate) fn register(namespace: &str, telemetry: &Telemetry) -> Result<Self, WriterError> {
        Self::try_register(namespace, telemetry).context(MetricsSnafu { namespace })
    }

    fn try_register(namespace: &str, telemetry: &Telemetry) -> prometheus::Result<Self> {
        let registrar = MetricRegistrar::new(&telemetry.registry, namespace);
        let seconds = |name, help| registrar.histogram(name, help, DEFAULT_BUCKETS.to_vec());
        Ok(Self {
            consumed_messages: registrar.counter("consumed_messages", "Messages that were consumed")?,
            consuming_errors: registrar.counter("consuming_errors", "Messages that could not be stored")?,
            empty_messages: registrar
                .counter("messages_with_empty_rule_execution_result", "Messages with an empty report")?,
            produced_messages: registrar
                .counter("produced_messages", "Dead letters and statuses that were sent")?,
            written_reports: registrar.counter("written_reports", "Reports that were stored")?,
            successful_processing_time: seconds(
                "successful_messages_processing_time",
                "Seconds from a message's batch to its success",
            )?,
            failed_processing_time: seconds(
                "failed_messages_processing_time",
                "Seconds from a message's batch to its dead letter",
            )?,
            last_checked_lag_minutes: seconds(
                "last_checked_timestamp_lag_minutes",
                "Minutes from an archive's announcement to its storage",
            )?,
            sql: telemetry.sql_metrics(namespace)?,
            ignored_reports: registrar.counter(
                "ignored_reports",
                "Reports that were not newer than the stored one, or than one beside them",
            )?,
            batch_messages: registrar.histogram(
                "batch_messages",
                "Messages in a batch",
                exponential_buckets(1.0, 2.0, 12)?,
            )?,
            dead_letters: registrar.counters(
                "dead_letters",
                "Dead letters, by the class of the error",
                &["class"],
            )?,
            storage_retries: registrar
                .counter("storage_retries", "Requests to the database that failed and were retried")?,
            send_retries: registrar
                .counter("send_retries", "Attempts to send a message to Kafka after the first")?,
            unsent_messages: registrar
                .gauge("unsent_messages", "Messages that Kafka does not accept and that are retried")?,
            unauthenticated_moves: registrar.counter(
                "unauthenticated_moves",
                "Reports that were rejected because they would move a cluster without authentication",
            )?,
            dropped_statuses: registrar.counter("dropped_statuses", "Statuses that could not be sent")?,
            commit_failures: registrar
                .counter("commit_failures", "Commits of offsets that failed and were retried")?,
            consumer_lag: registrar.gauge("consumer_lag", "Messages that are not committed yet")?,
            active: registrar
                .gauge("active", "1 while this writer holds the lease, 0 while it waits for it")?,
        })
    }

    pub(crate) fn dead_letter(&self, class: ErrorClass) {
        self.dead_letters.with_label_values(&[class.as_str()]).inc();
    }

    /// Counts the statements of the database's handle.
    pub(crate) fn query_observer(&self) -> QueryObserver {
        let sql = self.sql.clone();
        Arc::new(move |query: &'static str, took: Duration| sql.observe(query, took))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_have_the_names_of_existing_dashboards() {
        let telemetry = Telemetry::default();
        let metrics = Metrics::register("ns", &telemetry).unwrap();
        metrics.query_observer()("commit a batch", Duration::from_millis(3));
        metrics.dead_letter(ErrorClass::Bug);
        let gathered = telemetry.registry.gather();
        let names: Vec<&str> = gathered.iter().map(prometheus::proto::MetricFamily::name).collect();
        assert_eq!(
            names,
            [
                "ns_active",
                "ns_batch_messages",
                "ns_commit_failures",
                "ns_consumed_messages",
                "ns_consumer_lag",
                "ns_consuming_errors",
                "ns_dead_letters",
                "ns_dropped_statuses",
                "ns_failed_messages_processing_time",
                "ns_ignored_reports",
                "ns_last_checked_timestamp_lag_minutes",
                "ns_messages_with_empty_rule_execution_result",
                "ns_produced_messages",
                "ns_send_retries",
                "ns_sql_queries_counter",
                "ns_sql_queries_durations",
                "ns_storage_retries",
                "ns_successful_messages_processing_time",
                "ns_unauthenticated_moves",
                "ns_unsent_messages",
                "ns_written_reports",
            ]
        );
    }

    #[test]
    fn registered_name_is_an_error() {
        let telemetry = Telemetry::default();
        Metrics::register("ns", &telemetry).unwrap();
        let error = Metrics::register("ns", &telemetry).err().unwrap();
        assert_eq!(error.to_string(), "failed to register metrics with the prefix \"ns\"");
    }
}
