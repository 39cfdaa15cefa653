//! What every long-running workload has, apart from its work: health, metrics, logs, and an orderly end.
//!
//! ```text
//!   SIGTERM ──▶ shutdown_signal ──▶ CancellationToken ──▶ the workload's loops, serve
//!   the loops ──▶ Condition, Heartbeat ──▶ Health ──▶ /readyz, /livez
//!   the loops ──▶ prometheus::Registry ─────────────▶ /metrics
//! ```
//!
//! Readiness says whether the workload can do its work now: each dependency is a [`Condition`]. Liveness says whether the process
//! itself still moves: each loop has a [`Heartbeat`]. A dependency that is away makes a workload unready, never dead, since a
//! restart would not bring the dependency back.

mod backoff;
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
mod write_timeout;

pub use backoff::{Backoff, Waited};
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
