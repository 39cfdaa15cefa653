//! The metrics of the operator. Their names are an interface: dashboards and alerts use them.

use std::time::Duration;

use ccx_service::MetricRegistrar;
use prometheus::{Histogram, IntCounterVec, IntGauge, IntGaugeVec, Registry, core::Collector as _};

/// Buckets from a reconcile without work to one that waits for a slow API server.
const RECONCILE_SECONDS: [f64; 8] = [0.000_1, 0.001, 0.01, 0.05, 0.25, 1.0, 5.0, 30.0];

/// All metrics of one process. Clones share them.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// The registry that is served.
    pub registry: Registry,
    /// Resources that are queued.
    pub queue_depth: IntGauge,
    /// 1 while this process leads.
    pub leads: IntGauge,
    /// Resources by condition and status.
    pub conditions: IntGaugeVec,
    reconciles: IntCounterVec,
    reconcile_seconds: Histogram,
    errors: IntCounterVec,
    writes: IntCounterVec,
    watch_synced: IntGaugeVec,
    watch_failures: IntCounterVec,
}

/// The result of a reconcile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The resource was up to date.
    Settled,
    /// All stages succeeded.
    Done,
    /// It failed and will be retried.
    Failed,
}

impl Metrics {
    /// Returns metrics at zero, in a registry of their own.
    ///
    /// # Panics
    /// Never: the names are constants, and a test registers them.
    #[expect(clippy::new_without_default, reason = "a registry of its own is more than a default")]
    pub fn new() -> Self {
        Self::register(Registry::new()).expect("the names and labels are constants, and each is used once")
    }

    fn register(registry: Registry) -> prometheus::Result<Self> {
        let registrar = MetricRegistrar::new(&registry, "ccx_operator");
        Ok(Self {
            queue_depth: registrar.gauge("queue_depth", "Resources that wait for their reconcile.")?,
            leads: registrar.gauge("leader", "1 while this process leads.")?,
            conditions: registrar.gauges(
                "pipelines",
                "Resources by the status of each condition.",
                &["condition", "status"],
            )?,
            reconciles: registrar.counters(
                "reconciles_total",
                "Reconciles by how they went.",
                &["result"],
            )?,
            reconcile_seconds: registrar.histogram(
                "reconcile_seconds",
                "How long a reconcile took.",
                RECONCILE_SECONDS.into(),
            )?,
            errors: registrar.counters("errors_total", "Failed reconciles by their reason.", &["reason"])?,
            writes: registrar.counters(
                "api_writes_total",
                "Requests that change the cluster, by resource and verb.",
                &["resource", "verb"],
            )?,
            watch_synced: registrar.gauges(
                "watch_synced",
                "1 while the objects of a kind in a namespace, or in all, have been listed.",
                &["kind", "namespace"],
            )?,
            watch_failures: registrar.counters(
                "watch_failures_total",
                "Failed requests of watches, by kind and namespace.",
                &["kind", "namespace"],
            )?,
            registry,
        })
    }

    /// Counts a reconcile.
    pub fn count_reconcile(&self, outcome: Outcome, took: Duration) {
        self.count_reconciles(outcome, 1, took);
    }

    /// Counts reconciles that took a time together.
    pub(crate) fn count_reconciles(&self, outcome: Outcome, number: u32, took: Duration) {
        let result = match outcome {
            Outcome::Settled => "up_to_date",
            Outcome::Done => "done",
            Outcome::Failed => "failed",
        };
        self.reconciles.with_label_values(&[result]).inc_by(number.into());
        let each = took.checked_div(number).unwrap_or_default().as_secs_f64();
        (0..number).for_each(|_| self.reconcile_seconds.observe(each));
    }

    /// Counts a problem of a reconcile.
    pub fn count_error(&self, reason: &str) {
        self.errors.with_label_values(&[reason]).inc();
    }

    /// Counts a write.
    pub fn count_write(&self, resource: &str, verb: &str) {
        self.writes.with_label_values(&[resource, verb]).inc();
    }

    /// Reports whether the objects of a kind have been listed. The namespace is empty for all of them.
    pub fn set_watch_synced(&self, kind: &str, namespace: &str, is_synced: bool) {
        self.watch_synced.with_label_values(&[kind, namespace]).set(i64::from(is_synced));
    }

    /// Counts a failed request of a watch.
    pub fn count_watch_failure(&self, kind: &str, namespace: &str) {
        self.watch_failures.with_label_values(&[kind, namespace]).inc();
    }

    /// Removes the gauge of a watch that has ended.
    pub fn remove_watch(&self, kind: &str, namespace: &str) {
        // It has none if it was never listed and never failed.
        let _ = self.watch_synced.remove_label_values(&[kind, namespace]);
    }

    /// Returns the number of all writes.
    pub fn writes(&self) -> u64 {
        let families = self.writes.collect();
        let metrics = families.iter().flat_map(prometheus::proto::MetricFamily::get_metric);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a counter of events is a whole number"
        )]
        metrics.map(|metric| metric.get_counter().get_value() as u64).sum()
    }

    /// Returns the number of all reconciles.
    pub fn reconciles(&self) -> u64 {
        self.reconcile_seconds.get_sample_count()
    }
}

#[cfg(test)]
mod tests {
    use prometheus::TextEncoder;

    use super::*;

    #[test]
    fn writes_are_counted_by_resource_and_verb_and_as_a_whole() {
        let metrics = Metrics::new();
        metrics.count_write("deployments", "patch");
        metrics.count_write("deployments", "patch");
        metrics.count_write("secrets", "create");
        let text = TextEncoder::new().encode_to_string(&metrics.registry.gather()).unwrap();
        assert!(
            text.contains("ccx_operator_api_writes_total{resource=\"deployments\",verb=\"patch\"} 2\n"),
            "{text}"
        );
        assert_eq!(metrics.writes(), 3);
    }

    #[test]
    fn reconcile_is_counted_with_its_result_and_time() {
        let metrics = Metrics::new();
        metrics.count_reconcile(Outcome::Settled, Duration::from_micros(50));
        let text = TextEncoder::new().encode_to_string(&metrics.registry.gather()).unwrap();
        assert!(text.contains("ccx_operator_reconciles_total{result=\"up_to_date\"} 1\n"), "{text}");
        assert!(text.contains("ccx_operator_reconcile_seconds_bucket{le=\"0.0001\"} 1\n"), "{text}");
    }
}
