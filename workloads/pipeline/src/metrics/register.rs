//! Making metrics and adding them to the registry.

use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry,
    core::Collector, exponential_buckets,
};

use super::ByKind;

/// A registry with a method for each kind of metric that we have.
pub(super) struct Register<'a>(pub(super) &'a Registry);

impl Register<'_> {
    const ARCHIVE: &'static str = "archive";

    pub(super) fn add<C: Collector + Clone + 'static>(&self, metric: C) -> Result<C, prometheus::Error> {
        self.0.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    pub(super) fn counter(&self, name: &str, help: &str) -> Result<IntCounter, prometheus::Error> {
        self.add(IntCounter::new(name, help)?)
    }

    pub(super) fn gauge(&self, name: &str, help: &str) -> Result<IntGauge, prometheus::Error> {
        self.add(IntGauge::new(name, help)?)
    }

    pub(super) fn counters(
        &self,
        name: &str,
        help: &str,
        label: &str,
    ) -> Result<IntCounterVec, prometheus::Error> {
        self.add(IntCounterVec::new(Opts::new(name, help), &[label])?)
    }

    pub(super) fn histogram(
        &self,
        name: &str,
        help: &str,
        buckets: Vec<f64>,
    ) -> Result<Histogram, prometheus::Error> {
        self.add(Histogram::with_opts(HistogramOpts::new(name, help).buckets(buckets))?)
    }

    pub(super) fn counter_by_kind(
        &self,
        name: &str,
        help: &str,
    ) -> Result<ByKind<IntCounter>, prometheus::Error> {
        let counters = self.counters(name, help, Self::ARCHIVE)?;
        Ok(ByKind::new(|kind| counters.with_label_values(&[kind])))
    }

    pub(super) fn histogram_by_kind(
        &self,
        name: &str,
        help: &str,
        buckets: Vec<f64>,
    ) -> Result<ByKind<Histogram>, prometheus::Error> {
        let options = HistogramOpts::new(name, help).buckets(buckets);
        let histograms = self.add(HistogramVec::new(options, &[Self::ARCHIVE])?)?;
        Ok(ByKind::new(|kind| histograms.with_label_values(&[kind])))
    }
}

/// From 1 ms to 32 s: a download or an archive takes milliseconds, a limit tens of seconds.
pub(super) fn duration_buckets() -> Result<Vec<f64>, prometheus::Error> {
    exponential_buckets(0.001, 2.0, 16)
}

/// From 4 KiB to 128 MiB: real archives have 90 kB to 3 MB, the limit is 100 MiB.
pub(super) fn size_buckets() -> Result<Vec<f64>, prometheus::Error> {
    exponential_buckets(4096.0, 2.0, 16)
}
