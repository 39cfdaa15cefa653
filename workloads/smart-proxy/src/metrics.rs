//! The metrics. The first block has the names and labels of the service that this one replaces, so that its dashboards work
//! unchanged; the second is ours.

use ccx_http::EndpointMetrics;
use ccx_service::MetricRegistrar;
use prometheus::{IntCounter, IntGauge, Registry};

/// All metrics of one smart proxy.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    pub(crate) endpoints: EndpointMetrics,
    pub(crate) content_endpoints: EndpointMetrics,
    pub(crate) cache_hits: IntCounter,
    pub(crate) cache_misses: IntCounter,
    pub(crate) cache_bytes: IntGauge,
    pub(crate) snapshot_hits: IntCounter,
    pub(crate) snapshot_misses: IntCounter,
    pub(crate) stale_answers: IntCounter,
    pub(crate) is_listening: IntGauge,
}

impl Metrics {
    /// Registers the metrics, each name behind `namespace` and an underscore, or alone if it is empty.
    pub(crate) fn new(registry: &Registry, namespace: &str) -> Result<Self, prometheus::Error> {
        let registrar = MetricRegistrar::new(registry, namespace);
        let content = MetricRegistrar::new(registry, "content_service");
        Ok(Self {
            endpoints: EndpointMetrics::new(&registrar)?.with_user_agents(&registrar)?,
            content_endpoints: EndpointMetrics::new(&content)?,
            cache_hits: registrar.counter("answer_cache_hits_total", "Reports answered from memory")?,
            cache_misses: registrar
                .counter("answer_cache_misses_total", "Reports answered from the database")?,
            cache_bytes: registrar.gauge("answer_cache_bytes", "Memory of the cached answers in bytes")?,
            snapshot_hits: registrar.counter(
                "snapshot_cache_hits_total",
                "Lists answered with the reports of an organisation in memory",
            )?,
            snapshot_misses: registrar.counter(
                "snapshot_cache_misses_total",
                "Lists for which reports of an organisation were read from the database",
            )?,
            stale_answers: registrar.counter(
                "stale_answers_total",
                "Earlier answers that were sent as the database was unavailable",
            )?,
            is_listening: registrar
                .gauge("report_announcements_received", "1 while new reports are announced to us, else 0")?,
        })
    }
}
