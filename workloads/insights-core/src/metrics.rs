//! Metrics of the Python rules.

use std::time::Duration;

use ccx_service::MetricRegistrar;
use prometheus::{Histogram, IntCounter, IntCounterVec, IntGauge, Registry, exponential_buckets};

/// Metrics of the Python rules.
#[derive(Clone, Debug)]
pub struct Metrics {
    pub(crate) seconds: Histogram,
    pub(crate) rule_errors: IntCounterVec,
    pub(crate) failures: IntCounterVec,
    pub(crate) replaced: IntCounterVec,
    pub(crate) duplicates: IntCounter,
    pub(crate) details_changed: IntCounter,
    pub(crate) workers: IntGauge,
}

impl Metrics {
    /// Adds the metrics to a registry, under names that begin with `ccx_insights_core_`.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let registrar = MetricRegistrar::new(registry, "ccx_insights_core");
        Ok(Self {
            seconds: registrar.histogram(
                "seconds",
                "Time of the Python rules on an archive",
                exponential_buckets(0.005, 2.0, 14)?,
            )?,
            rule_errors: registrar.counters(
                "rule_errors_total",
                "Exceptions of each Python rule",
                &["rule"],
            )?,
            failures: registrar.counters(
                "failures_total",
                "Archives without results of Python rules",
                &["reason"],
            )?,
            replaced: registrar.counters(
                "workers_replaced_total",
                "Python processes that were replaced",
                &["reason"],
            )?,
            duplicates: registrar.counter(
                "duplicates_total",
                "Findings of built-in rules that were replaced by those of Python rules",
            )?,
            details_changed: registrar.counter(
                "details_changed_total",
                "Findings of Python rules whose details were changed, since some clients can't read them",
            )?,
            workers: registrar.gauge("workers", "Python processes")?,
        })
    }

    /// Counts findings of the Rust engine that were replaced by the same ones of Python.
    pub fn duplicates(&self, count: usize) {
        self.duplicates.inc_by(count as u64);
    }

    pub(crate) fn done(&self, elapsed: Duration) {
        self.seconds.observe(elapsed.as_secs_f64());
    }
}
