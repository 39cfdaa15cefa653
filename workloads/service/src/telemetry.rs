//! The health and the metrics of one process.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::Router;
use prometheus::{DEFAULT_BUCKETS, HistogramVec, IntCounter, Registry, Result};

use crate::{Health, MetricRegistrar, routes};

/// The health and the metrics of one process, shared by the workloads that run in it.
///
/// ```
/// use ccx_service::Telemetry;
///
/// let telemetry = Telemetry::default();
/// let writer = telemetry.sql_metrics("aggregator")?;
/// let api = telemetry.sql_metrics("aggregator")?;
/// writer.observe("store the reports", std::time::Duration::from_millis(3));
/// api.observe("read the report", std::time::Duration::from_millis(1));
/// assert_eq!(telemetry.registry.gather()[0].get_metric()[0].get_counter().get_value(), 2.0);
/// # Ok::<(), prometheus::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Telemetry {
    /// Readiness and liveness.
    pub health: Health,
    /// The metrics at `/metrics`.
    pub registry: Registry,
    sql: Arc<Mutex<BTreeMap<String, SqlMetrics>>>,
}

impl Telemetry {
    /// Returns the metrics of the database's statements with a prefix; registers them at the first call.
    pub fn sql_metrics(&self, namespace: &str) -> Result<SqlMetrics> {
        let mut known = self.sql.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(metrics) = known.get(namespace) {
            return Ok(metrics.clone());
        }
        let metrics = SqlMetrics::register(MetricRegistrar::new(&self.registry, namespace))?;
        known.insert(namespace.to_owned(), metrics.clone());
        Ok(metrics)
    }

    /// Returns the routes `/livez`, `/readyz` and `/metrics`.
    pub fn routes(&self) -> Router {
        routes(self.health.clone(), self.registry.clone())
    }
}

/// Counts and times the statements that are sent to the database.
#[derive(Clone, Debug)]
pub struct SqlMetrics {
    queries: IntCounter,
    durations: HistogramVec,
}

impl SqlMetrics {
    /// Registers `sql_queries_counter` and `sql_queries_durations`.
    fn register(registrar: MetricRegistrar<'_>) -> Result<Self> {
        Ok(Self {
            queries: registrar.counter("sql_queries_counter", "Statements sent to the database")?,
            durations: registrar.histograms(
                "sql_queries_durations",
                "Duration of a statement in seconds",
                DEFAULT_BUCKETS.to_vec(),
                &["query"],
            )?,
        })
    }

    /// Counts a statement by its name and records its duration.
    pub fn observe(&self, query: &'static str, took: Duration) {
        self.queries.inc();
        self.durations.with_label_values(&[query]).observe(took.as_secs_f64());
    }
}
