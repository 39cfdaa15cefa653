//! Creating metrics and adding them to a registry.

use prometheus::{
    Counter, CounterVec, Gauge, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry, Result, core::Collector,
};

/// Creates metrics with a common prefix of their names, and adds them to a registry.
///
/// Every method fails when the registry has a metric of the name, or when the name or a label is invalid.
///
/// ```
/// use ccx_service::MetricRegistrar;
/// use prometheus::Registry;
///
/// let registry = Registry::new();
/// let retries = MetricRegistrar::new(&registry, "writer").counter("retries_total", "Repeated attempts")?;
/// retries.inc();
/// assert_eq!(registry.gather()[0].name(), "writer_retries_total");
/// # Ok::<(), prometheus::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct MetricRegistrar<'a> {
    registry: &'a Registry,
    namespace: &'a str,
}

impl<'a> MetricRegistrar<'a> {
    /// Creates a registrar of metrics named `namespace`, underscore, name; or the name alone if `namespace` is empty.
    pub fn new(registry: &'a Registry, namespace: &'a str) -> Self {
        Self { registry, namespace }
    }

    /// Adds a counter of events.
    pub fn counter(&self, name: &str, help: &str) -> Result<IntCounter> {
        self.register(IntCounter::with_opts(self.options(name, help))?)
    }

    /// Adds counters of events by labels.
    pub fn counters(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec> {
        self.register(IntCounterVec::new(self.options(name, help), labels)?)
    }

    /// Adds a counter of fractions, for example of seconds.
    pub fn float_counter(&self, name: &str, help: &str) -> Result<Counter> {
        self.register(Counter::with_opts(self.options(name, help))?)
    }

    /// Adds counters of fractions by labels.
    pub fn float_counters(&self, name: &str, help: &str, labels: &[&str]) -> Result<CounterVec> {
        self.register(CounterVec::new(self.options(name, help), labels)?)
    }

    /// Adds a gauge of whole numbers.
    pub fn gauge(&self, name: &str, help: &str) -> Result<IntGauge> {
        self.register(IntGauge::with_opts(self.options(name, help))?)
    }

    /// Adds gauges of whole numbers by labels.
    pub fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntGaugeVec> {
        self.register(IntGaugeVec::new(self.options(name, help), labels)?)
    }

    /// Adds a gauge of fractions, for example of seconds.
    pub fn float_gauge(&self, name: &str, help: &str) -> Result<Gauge> {
        self.register(Gauge::with_opts(self.options(name, help))?)
    }

    /// Adds a histogram with the upper bounds of its buckets.
    pub fn histogram(&self, name: &str, help: &str, buckets: Vec<f64>) -> Result<Histogram> {
        self.register(Histogram::with_opts(self.histogram_options(name, help, buckets))?)
    }

    /// Adds histograms by labels.
    pub fn histograms(
        &self,
        name: &str,
        help: &str,
        buckets: Vec<f64>,
        labels: &[&str],
    ) -> Result<HistogramVec> {
        self.register(HistogramVec::new(self.histogram_options(name, help, buckets), labels)?)
    }

    fn options(&self, name: &str, help: &str) -> Opts {
        Opts::new(name, help).namespace(self.namespace)
    }

    fn histogram_options(&self, name: &str, help: &str, buckets: Vec<f64>) -> HistogramOpts {
        HistogramOpts::new(name, help).namespace(self.namespace).buckets(buckets)
    }

    fn register<C: Collector + Clone + 'static>(&self, collector: C) -> Result<C> {
        self.registry.register(Box::new(collector.clone()))?;
        Ok(collector)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registrar_without_namespace_uses_the_name_alone() {
        let registry = Registry::new();
        MetricRegistrar::new(&registry, "").gauge("lag", "Lag").unwrap();
        assert_eq!(registry.gather()[0].name(), "lag");
    }

    #[test]
    fn registrar_of_a_name_in_use_is_an_error() {
        let registry = Registry::new();
        let registrar = MetricRegistrar::new(&registry, "ns");
        registrar.counter("a", "A").unwrap();
        assert!(registrar.gauge("a", "A").is_err());
    }
}
