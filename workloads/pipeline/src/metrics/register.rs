//! Metrics by kind of archive, and the buckets of histograms.

use ccx_service::MetricRegistrar;
use prometheus::{Histogram, IntCounter, exponential_buckets};

use super::ByKind;

const ARCHIVE: &str = "archive";

pub(super) fn counter_by_kind(
    registrar: MetricRegistrar<'_>,
    name: &str,
    help: &str,
) -> Result<ByKind<IntCounter>, prometheus::Error> {
    let counters = registrar.counters(name, help, &[ARCHIVE])?;
    Ok(ByKind::new(|kind| counters.with_label_values(&[kind])))
}

pub(super) fn histogram_by_kind(
    registrar: MetricRegistrar<'_>,
    name: &str,
    help: &str,
    buckets: Vec<f64>,
) -> Result<ByKind<Histogram>, prometheus::Error> {
    let histograms = registrar.histograms(name, help, buckets, &[ARCHIVE])?;
    Ok(ByKind::new(|kind| histograms.with_label_values(&[kind])))
}

/// From 1 ms to 40 s: a download or an archive takes milliseconds, a limit tens of seconds. From 5 ms to 10 s they are the default
/// buckets of the client for Python, so that queries with these bounds keep working.
pub(super) fn duration_buckets() -> Vec<f64> {
    vec![
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 20.0,
        40.0,
    ]
}

/// From 4 KiB to 128 MiB: real archives have 90 kB to 3 MB, the limit is 100 MiB.
pub(super) fn size_buckets() -> Result<Vec<f64>, prometheus::Error> {
    exponential_buckets(4096.0, 2.0, 16)
}
