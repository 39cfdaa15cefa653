//! Runs the reconciles: leader election, fencing, queue, requeue, probes, discovery, Events, metrics.
//!
//! ```text
//!  cache::watches ──▶ Queue ──▶ controller ──▶ reconcile_if_changed ──▶ the reconcile of `lib.rs`
//! ```

pub(crate) mod claim;
pub(crate) mod console_links;
pub(crate) mod context;
pub mod controller;
pub(crate) mod damping;
pub(crate) mod discovery;
pub(crate) mod events;
pub mod fencing;
pub mod leader;
pub mod metrics;
pub mod probe;
pub(crate) mod queue;
pub(crate) mod reconcile_if_changed;
pub(crate) mod reconcile_state;
pub(crate) mod requeue;
pub(crate) mod resync;
mod watch_health;
