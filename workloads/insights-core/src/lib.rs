//! Runs unchanged rules of insights-core in Python processes beside the Rust engine.
//!
//! ```text
//!              ┌── files that rules read ──▶ folder in memory ──┐
//!  Archive ────┤                                                ▼
//!              │                     Pool ── frames ──▶ worker.py, worker.py, …
//!              ▼                                                │
//!           Engine ──▶ Report ◀── Report::merge ◀── ExternalFindings ◀───┘
//! ```
//!
//! - [`Adapter::begin`] writes the files and hands the folder to a process; the caller runs the Rust engine
//!   meanwhile and then [waits](Pending::wait).
//! - A process is given one archive at a time. A rule that hangs is interrupted; a process that hangs,
//!   crashes or grows is replaced, and an archive without a result is retried once in a new process
//!   ([`recycling`]).
//! - Python runs the organisation's own code: failures are isolated, but this is not a sandbox.
//!
//! The frames are described in `python/worker.py`.

mod adapter;
mod error;
mod frame;
mod metrics;
mod pool;
mod protocol;
mod recycling;
mod report;
mod unpack;
mod worker;

pub use adapter::{Adapter, Pending};
pub use error::AdapterError;
pub use metrics::Metrics;
