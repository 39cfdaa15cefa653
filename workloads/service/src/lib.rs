//! Common parts of all long-running workloads: health, metrics, logs, and graceful shutdown.
//!
//! ```text
//!   SIGTERM ──▶ shutdown_signal ──▶ CancellationToken ──▶ the workload's loops, serve
//!   the loops ──▶ Condition, Heartbeat ──▶ Health ──▶ /readyz, /livez
//!   the loops ──▶ prometheus::Registry ─────────────▶ /metrics
//! ```
//!
//! Readiness states whether the workload can do its work now: each dependency is a [`Condition`]. Liveness
//! states whether the process makes progress: each loop has a [`Heartbeat`]. An unavailable dependency makes
//! a workload unready but does not fail its liveness probe, since a restart would not make the dependency
//! available.

mod backoff;
mod build_info;
mod dependency;
mod error_chain;
mod health;
mod http;
mod logging;
mod metrics;
mod periodic;
mod process_metrics;
mod rules_status;
mod schema_versions;
mod shutdown;
mod telemetry;
mod write_timeout;

pub use backoff::{Backoff, Waited};
pub use build_info::BuildInfo;
pub use dependency::{Dependency, Readiness};
pub use error_chain::error_chain;
pub use health::{Condition, Health, Heartbeat};
pub use http::{ServeError, bind, routes, serve};
pub use logging::{LoggingError, init_logging};
pub use metrics::MetricRegistrar;
pub use periodic::run_periodically;
pub use rules_status::{RulesProblem, RulesStatus};
pub use schema_versions::SchemaVersions;
pub use shutdown::shutdown_signal;
pub use telemetry::{SqlMetrics, Telemetry};
