//! What is counted.

use std::time::Duration;

use prometheus::{
    Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, Opts, Registry, exponential_buckets,
};

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
        let buckets = exponential_buckets(0.005, 2.0, 14)?;
        let seconds =
            HistogramOpts::new("ccx_insights_core_seconds", "Time of the Python rules on an archive")
                .buckets(buckets);
        let counter =
            |name: &str, help: &str, label: &str| IntCounterVec::new(Opts::new(name, help), &[label]);
        let metrics = Self {
            seconds: Histogram::with_opts(seconds)?,
            rule_errors: counter(
                "ccx_insights_core_rule_errors_total",
                "Exceptions of each Python rule",
                "rule",
            )?,
            failures: counter(
                "ccx_insights_core_failures_total",
                "Archives without results of Python rules",
                "reason",
            )?,
            replaced: counter(
                "ccx_insights_core_workers_replaced_total",
                "Python processes that were replaced",
                "reason",
            )?,
            duplicates: IntCounter::new(
                "ccx_insights_core_duplicates_total",
                "Our findings that gave way to those of Python",
            )?,
            details_changed: IntCounter::new(
                "ccx_insights_core_details_changed_total",
                "Findings of Python whose details were changed, since some clients can't read them",
            )?,
            workers: IntGauge::new("ccx_insights_core_workers", "Python processes")?,
        };
        registry.register(Box::new(metrics.seconds.clone()))?;
        for counters in [&metrics.rule_errors, &metrics.failures, &metrics.replaced] {
            registry.register(Box::new(counters.clone()))?;
        }
        for counter in [&metrics.duplicates, &metrics.details_changed] {
            registry.register(Box::new(counter.clone()))?;
        }
        registry.register(Box::new(metrics.workers.clone()))?;
        Ok(metrics)
    }

    /// Counts findings of our own that gave way to the same ones of Python.
    pub fn duplicates(&self, count: usize) {
        self.duplicates.inc_by(count as u64);
    }

    pub(crate) fn done(&self, elapsed: Duration) {
        self.seconds.observe(elapsed.as_secs_f64());
    }
}
