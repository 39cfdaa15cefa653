//! The metrics of the pipeline.
//!
//! [`Dashboards`] has the metrics of the Python pipeline, so that what people watch today works unchanged; the others, with the
//! prefix `ccx_pipeline_`, are new. Every handle is resolved once, so that no label is looked up per record.

mod configurations;
mod dashboards;
mod register;
mod rules;

use ccx_archive::ArchiveKind;
use ccx_messages::ErrorClass;
use ccx_rules::{FaultReason, Report};
use ccx_service::MetricRegistrar;
use prometheus::{Gauge, Histogram, IntCounter, IntGauge, Registry};

use crate::{RemoteConfiguration, filter::Rejection};

pub(crate) use dashboards::Dashboards;
pub(crate) use rules::RuleSetMetrics;

use rules::RuleCosts;

/// The metrics of the pipeline.
pub(crate) struct Metrics {
    /// The metrics of existing dashboards.
    pub(crate) dashboards: Dashboards,
    /// Dead letters, by class.
    pub(crate) dead_letters: ByClass,
    /// Attempts at downloads after the first.
    pub(crate) download_retries: IntCounter,
    /// Objects that were stored.
    pub(crate) uploads: IntCounter,
    /// Attempts at storing an object after the first.
    pub(crate) upload_retries: IntCounter,
    /// Attempts at sending after the first.
    pub(crate) send_retries: IntCounter,
    /// Messages that Kafka does not accept and that are retried.
    pub(crate) unsent_messages: IntGauge,
    /// Statuses that were sent.
    pub(crate) sent_statuses: IntCounter,
    /// Statuses that could not be sent.
    pub(crate) dropped_statuses: IntCounter,
    /// Commits of offsets that failed; each is retried.
    pub(crate) commit_failures: IntCounter,
    /// Bytes of archives in memory.
    pub(crate) bytes_in_flight: IntGauge,
    /// Records in progress.
    pub(crate) records_in_flight: IntGauge,
    /// 1 while the object storage is unavailable.
    pub(crate) storage_unavailable: IntGauge,
    /// Age of the record received last, in seconds.
    pub(crate) record_age_seconds: Gauge,
    /// Records that wait in Kafka or are not committed yet.
    pub(crate) lag: IntGauge,
    filtered: [(Rejection, IntCounter); 3],
    /// The state of the rules of users.
    pub(crate) rule_set: RuleSetMetrics,
    rules: RuleCosts,
}

impl Metrics {
    /// Registers every metric.
    pub(crate) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let registrar = MetricRegistrar::new(registry, "");
        let filtered = registrar.counters(
            "ccx_pipeline_filtered_total",
            "Records that were skipped, by reason",
            &["reason"],
        )?;
        let letters = registrar.counters(
            "ccx_pipeline_dead_letters_total",
            "Dead letters by class of error",
            &["class"],
        )?;
        let count = |name, help| registrar.counter(name, help);
        let gauge = |name, help| registrar.gauge(name, help);
        Ok(Self {
            dashboards: Dashboards::new(registrar)?,
            dead_letters: ByClass::new(|class| letters.with_label_values(&[class])),
            download_retries: count(
                "ccx_pipeline_download_retries_total",
                "Attempts at downloads after the first",
            )?,
            uploads: count(
                "ccx_pipeline_uploads_total",
                "Copies of archives and results that were stored as objects",
            )?,
            upload_retries: count(
                "ccx_pipeline_upload_retries_total",
                "Attempts at uploads after the first",
            )?,
            send_retries: count("ccx_pipeline_send_retries_total", "Attempts at sending after the first")?,
            unsent_messages: gauge(
                "ccx_pipeline_unsent_messages",
                "Messages that Kafka does not accept and that are retried",
            )?,
            sent_statuses: count("ccx_pipeline_sent_statuses_total", "Statuses that were sent")?,
            dropped_statuses: count(
                "ccx_pipeline_dropped_statuses_total",
                "Statuses that could not be sent",
            )?,
            commit_failures: count(
                "ccx_pipeline_commit_failures_total",
                "Commits of offsets that failed and were retried",
            )?,
            bytes_in_flight: gauge("ccx_pipeline_bytes_in_flight", "Bytes of archives in memory")?,
            records_in_flight: gauge("ccx_pipeline_records_in_flight", "Records in progress")?,
            storage_unavailable: gauge(
                "ccx_pipeline_object_storage_unavailable",
                "1 while the object storage is unavailable",
            )?,
            record_age_seconds: registrar
                .float_gauge("ccx_pipeline_record_age_seconds", "Age of the record received last")?,
            lag: gauge("ccx_pipeline_lag_records", "Records that are not committed yet")?,
            filtered: Rejection::ALL.map(|reason| (reason, filtered.with_label_values(&[reason.label()]))),
            rule_set: RuleSetMetrics::new(registrar)?,
            rules: RuleCosts::new(registrar)?,
        })
    }

    /// Counts a skipped record, in total and by reason.
    pub(crate) fn count_filtered(&self, rejection: Rejection) {
        self.dashboards.filtered.inc();
        for (_, counter) in self.filtered.iter().filter(|(reason, _)| *reason == rejection) {
            counter.inc();
        }
    }

    /// Counts the outcomes of the rules on an archive.
    pub(crate) fn count_rules(&self, kind: ArchiveKind, report: &Report) {
        self.rules.count(&report.runs);
        if report.faults.iter().any(|fault| matches!(fault.reason, FaultReason::OverBudget(_))) {
            self.dashboards.process_timeouts.for_kind(kind).inc();
        }
    }

    /// Counts the remote configuration of an archive.
    pub(crate) fn count_configuration(&self, configuration: &RemoteConfiguration) {
        // The Python pipeline's label for a configuration without a version.
        self.dashboards.configurations.count(configuration.version.as_deref().unwrap_or("None"));
    }
}

/// Records a size.
pub(crate) fn observe_bytes(sizes: &Histogram, bytes: usize) {
    // Larger ones than 4 GiB are beyond every limit and would be in the last bucket, too.
    sizes.observe(f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)));
}

/// A metric for each kind of archive.
pub(crate) struct ByKind<T> {
    ocp: T,
    hypershift: T,
}

impl<T> ByKind<T> {
    fn new(with_label: impl Fn(&str) -> T) -> Self {
        Self {
            ocp: with_label(ArchiveKind::Ocp.label()),
            hypershift: with_label(ArchiveKind::HyperShift.label()),
        }
    }

    /// The metric for archives of a kind.
    pub(crate) fn for_kind(&self, kind: ArchiveKind) -> &T {
        match kind {
            ArchiveKind::Ocp => &self.ocp,
            ArchiveKind::HyperShift => &self.hypershift,
        }
    }

    /// The metric for archives that failed before their kind was known: they count as `ocp`, as in the Python pipeline.
    pub(crate) fn for_unknown(&self) -> &T {
        &self.ocp
    }
}

/// A counter for each class of error.
pub(crate) struct ByClass {
    transient: IntCounter,
    bad_input: IntCounter,
    bug: IntCounter,
}

impl ByClass {
    fn new(with_label: impl Fn(&str) -> IntCounter) -> Self {
        let counter = |class: ErrorClass| with_label(class.as_str());
        Self {
            transient: counter(ErrorClass::Transient),
            bad_input: counter(ErrorClass::BadInput),
            bug: counter(ErrorClass::Bug),
        }
    }

    /// The counter of a class.
    pub(crate) fn for_class(&self, class: ErrorClass) -> &IntCounter {
        match class {
            ErrorClass::Transient => &self.transient,
            ErrorClass::BadInput => &self.bad_input,
            ErrorClass::Bug => &self.bug,
        }
    }
}

#[cfg(test)]
mod tests;
