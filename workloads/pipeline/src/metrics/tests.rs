use prometheus::{Encoder as _, TextEncoder};

use super::*;

fn metrics() -> (Registry, Metrics) {
    let registry = Registry::new();
    let metrics = Metrics::new(&registry).unwrap();
    (registry, metrics)
}

fn scrape(registry: &Registry) -> String {
    let mut text = Vec::new();
    TextEncoder::new().encode(&registry.gather(), &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

#[test]
fn metrics_of_the_python_pipeline_are_exported_from_the_start() {
    let (registry, metrics) = metrics();
    metrics.count_configuration(&RemoteConfiguration { version: None });
    let text = scrape(&registry);
    for line in [
        "ccx_consumer_received_total 0",
        "ccx_consumer_filtered_total 0",
        "ccx_not_handled_total 0",
        "ccx_consumer_extracted_total{archive=\"ocp\"} 0",
        "ccx_consumer_extracted_total{archive=\"hypershift\"} 0",
        "ccx_engine_processed_total{archive=\"ocp\"} 0",
        "ccx_engine_processed_timeout_total{archive=\"hypershift\"} 0",
        "ccx_published_total{archive=\"ocp\"} 0",
        "ccx_failures_total{archive=\"hypershift\"} 0",
        "ccx_downloaded_total_count 0",
        "ccx_consumer_archive_size_count{archive=\"ocp\"} 0",
        "ccx_download_duration_seconds_count 0",
        "ccx_process_duration_seconds_count{archive=\"ocp\"} 0",
        "ccx_publish_duration_seconds_count{archive=\"hypershift\"} 0",
        "gathering_conditions_remote_configuration_version_total{version=\"None\"} 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
    }
}

#[test]
fn number_of_versions_is_bounded() {
    let (registry, metrics) = metrics();
    for number in 0..1000 {
        metrics.count_configuration(&RemoteConfiguration { version: Some(format!("1.0.{number}")) });
    }
    metrics.count_configuration(&RemoteConfiguration { version: Some("1.0.3".into()) });
    let text = scrape(&registry);
    let of_version = |version: &str| {
        let prefix =
            format!("gathering_conditions_remote_configuration_version_total{{version=\"{version}\"}} ");
        text.lines().find_map(|line| line.strip_prefix(&prefix)).map(str::to_owned)
    };
    assert_eq!(of_version("1.0.3").as_deref(), Some("2"));
    assert_eq!(of_version("other").as_deref(), Some("936"));
    assert_eq!(of_version("1.0.64"), None);
}

#[test]
fn rejection_is_counted_in_total_and_by_reason() {
    let (registry, metrics) = metrics();
    metrics.count_filtered(Rejection::TooOld);
    let text = scrape(&registry);
    assert!(text.contains("\nccx_consumer_filtered_total 1\n"), "{text}");
    assert!(text.contains("\nccx_pipeline_filtered_total{reason=\"too-old\"} 1\n"), "{text}");
    assert!(text.contains("\nccx_pipeline_filtered_total{reason=\"no-service\"} 0\n"), "{text}");
}
