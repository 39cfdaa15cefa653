//! The metrics of the Python pipeline, by its names, types and labels.

use ccx_service::MetricRegistrar;
use prometheus::{Histogram, IntCounter};

use super::{
    ByKind,
    configurations::Configurations,
    register::{counter_by_kind, duration_buckets, histogram_by_kind, size_buckets},
};

/// The metrics of existing dashboards.
pub(crate) struct Dashboards {
    /// Records that passed the filter.
    pub(crate) received: IntCounter,
    /// Records that did not pass the filter.
    pub(crate) filtered: IntCounter,
    /// Announcements that could not be read.
    pub(crate) not_handled: IntCounter,
    /// Sizes of downloads.
    pub(crate) downloaded: Histogram,
    /// Durations of downloads with all their attempts.
    pub(crate) download_seconds: Histogram,
    /// Sizes of archives as uploaded.
    pub(crate) archive_size: ByKind<Histogram>,
    /// Archives that could be read.
    pub(crate) extracted: ByKind<IntCounter>,
    /// Archives that the rules ran on.
    pub(crate) processed: ByKind<IntCounter>,
    /// Durations of reading and rules, with the wait for a worker.
    pub(crate) process_seconds: ByKind<Histogram>,
    /// Archives on which a rule took too long.
    pub(crate) process_timeouts: ByKind<IntCounter>,
    /// Results that Kafka acknowledged.
    pub(crate) published: ByKind<IntCounter>,
    /// Durations from result to acknowledgement.
    pub(crate) publish_seconds: ByKind<Histogram>,
    /// Records that failed.
    pub(crate) failures: ByKind<IntCounter>,
    /// Archives by remote configuration.
    pub(super) configurations: Configurations,
}

impl Dashboards {
    pub(super) fn new(registrar: MetricRegistrar<'_>) -> Result<Self, prometheus::Error> {
        let (sizes, durations) = (size_buckets()?, duration_buckets());
        let bytes = |name, help| registrar.histogram(name, help, sizes.clone());
        let seconds = |name, help| registrar.histogram(name, help, durations.clone());
        let bytes_by_kind = |name, help| histogram_by_kind(registrar, name, help, sizes.clone());
        let seconds_by_kind = |name, help| histogram_by_kind(registrar, name, help, durations.clone());
        let count = |name, help| registrar.counter(name, help);
        let count_by_kind = |name, help| counter_by_kind(registrar, name, help);
        let configurations = registrar.counters(
            "gathering_conditions_remote_configuration_version_total",
            "Archives by the version of the remote configuration that they were gathered by",
            &["version"],
        )?;
        Ok(Self {
            received: count("ccx_consumer_received_total", "Kafka messages that passed the filter")?,
            filtered: count("ccx_consumer_filtered_total", "Kafka messages that are not for this service")?,
            not_handled: count("ccx_not_handled_total", "Announcements that could not be read")?,
            downloaded: bytes("ccx_downloaded_total", "Sizes of downloads in bytes")?,
            download_seconds: seconds("ccx_download_duration_seconds", "Durations of downloads")?,
            archive_size: bytes_by_kind(
                "ccx_consumer_archive_size",
                "Sizes of archives as uploaded, in bytes",
            )?,
            extracted: count_by_kind("ccx_consumer_extracted_total", "Archives that could be read")?,
            processed: count_by_kind("ccx_engine_processed_total", "Archives that the rules ran on")?,
            process_seconds: seconds_by_kind(
                "ccx_process_duration_seconds",
                "Durations from archive to result",
            )?,
            process_timeouts: count_by_kind(
                "ccx_engine_processed_timeout_total",
                "Archives on which a rule took too long",
            )?,
            published: count_by_kind("ccx_published_total", "Results that Kafka acknowledged")?,
            publish_seconds: seconds_by_kind(
                "ccx_publish_duration_seconds",
                "Durations from result to acknowledgement",
            )?,
            failures: count_by_kind("ccx_failures_total", "Records that failed")?,
            configurations: Configurations::new(configurations),
        })
    }
}
