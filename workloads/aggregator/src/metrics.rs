//! The metrics. The first block has the names and labels of the service that this one replaces, so that its dashboards work
//! unchanged; the second is ours.

use std::sync::Arc;

use ccx_http::EndpointMetrics;
use ccx_service::{MetricRegistrar, SqlMetrics, Telemetry};
use ccx_storage::QueryObserver;
use prometheus::{Encoder as _, IntCounter, IntGauge, Registry, TextEncoder};

/// All metrics of one aggregator.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    pub(crate) endpoints: EndpointMetrics,
    pub(crate) feedback: IntCounter,
    pub(crate) ratings: IntCounter,
    sql: SqlMetrics,
    pub(crate) cache_hits: IntCounter,
    pub(crate) cache_misses: IntCounter,
    pub(crate) cache_bytes: IntGauge,
    pub(crate) is_listening: IntGauge,
}

impl Metrics {
    /// Registers the metrics of a process, each name behind `namespace` and an underscore, or alone if it is empty.
    pub fn register(namespace: &str, telemetry: &Telemetry) -> Result<Self, prometheus::Error> {
        let registry = telemetry.registry.clone();
        let registrar = MetricRegistrar::new(&registry, namespace);
        // The service that this one replaces forgets the namespace here, and dashboards know the name so.
        let ratings = MetricRegistrar::new(&registry, "").counter("rating_on_rules", "Ratings of rules")?;
        Ok(Self {
            feedback: registrar
                .counter("feedback_on_rules", "Votes on rules, and reasons for disabling them")?,
            ratings,
            endpoints: EndpointMetrics::new(&registrar)?,
            sql: telemetry.sql_metrics(namespace)?,
            cache_hits: registrar.counter("answer_cache_hits_total", "Reports answered from memory")?,
            cache_misses: registrar
                .counter("answer_cache_misses_total", "Reports answered from the database")?,
            cache_bytes: registrar.gauge("answer_cache_bytes", "Memory of the cached answers in bytes")?,
            is_listening: registrar
                .gauge("report_announcements_received", "1 while new reports are announced to us, else 0")?,
            registry,
        })
    }

    /// Returns the registry, for `/metrics`.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Encodes all metrics in Prometheus' text format.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, prometheus::Error> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }

    /// Returns an observer that counts and times the database's statements.
    pub fn query_observer(&self) -> QueryObserver {
        let sql = self.sql.clone();
        Arc::new(move |name, duration| sql.observe(name, duration))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn encoded(metrics: &Metrics) -> String {
        String::from_utf8(metrics.encode().unwrap()).unwrap()
    }

    #[test]
    fn metrics_have_the_names_and_labels_of_the_dashboards() {
        let metrics = Metrics::register("aggregator", &Telemetry::default()).unwrap();
        metrics.endpoints.route("/api/v1/info".into());
        metrics.query_observer()("read the report", Duration::from_millis(1));
        let text = encoded(&metrics);
        for line in [
            "aggregator_api_endpoints_requests{endpoint=\"/api/v1/info\"} 0\n",
            "aggregator_feedback_on_rules 0\n",
            "aggregator_sql_queries_counter 1\n",
            "aggregator_sql_queries_durations_count{query=\"read the report\"} 1\n",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }

    #[test]
    fn metrics_without_a_namespace_have_no_prefix() {
        assert!(
            encoded(&Metrics::register("", &Telemetry::default()).unwrap())
                .contains("\nsql_queries_counter 0\n")
        );
    }
}
