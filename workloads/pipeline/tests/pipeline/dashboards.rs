//! The metrics of the services that the pipeline's roles replace.

use ccx_test_support::{Buckets, ExpectedMetric, assert_metrics};

/// The default buckets of the client for Python.
const SECONDS: &[&str] = &[
    "0.005", "0.01", "0.025", "0.05", "0.075", "0.1", "0.25", "0.5", "0.75", "1", "2.5", "5", "7.5", "10",
    "+Inf",
];

/// The label of metrics by kind of archive.
const ARCHIVE: &[&str] = &["archive"];

const fn counter(name: &'static str, labels: &'static [&'static str]) -> ExpectedMetric {
    ExpectedMetric { name, kind: "counter", labels, buckets: Buckets::None }
}

const fn seconds(name: &'static str, labels: &'static [&'static str]) -> ExpectedMetric {
    ExpectedMetric { name, kind: "histogram", labels, buckets: Buckets::Including(SECONDS) }
}

/// The original's buckets of sizes are those of seconds, none of which holds an archive: ours have bounds in bytes.
const fn bytes(name: &'static str, labels: &'static [&'static str]) -> ExpectedMetric {
    ExpectedMetric {
        name,
        kind: "histogram",
        labels,
        buckets: Buckets::Including(&["4096", "1048576", "134217728", "+Inf"]),
    }
}

/// Every extractor of the original has the same metrics.
const EXTRACTOR: &[ExpectedMetric] = &[
    counter("ccx_consumer_received_total", &[]),
    counter("ccx_consumer_filtered_total", &[]),
    counter("ccx_not_handled_total", &[]),
    counter("ccx_consumer_extracted_total", ARCHIVE),
    counter("ccx_engine_processed_total", ARCHIVE),
    counter("ccx_engine_processed_timeout_total", ARCHIVE),
    counter("ccx_published_total", ARCHIVE),
    counter("ccx_failures_total", ARCHIVE),
    bytes("ccx_downloaded_total", &[]),
    bytes("ccx_consumer_archive_size", ARCHIVE),
    seconds("ccx_download_duration_seconds", &[]),
    seconds("ccx_process_duration_seconds", ARCHIVE),
    seconds("ccx_publish_duration_seconds", ARCHIVE),
];

/// Fails unless a scrape has the metrics of the original extractors.
pub(crate) fn assert_metrics_of_dashboards(exposition: &str) {
    assert_metrics(exposition, "", EXTRACTOR);
}
