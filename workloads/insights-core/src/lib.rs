//! Rules of insights-core, unchanged, in Python processes beside our own engine.
//!
//! ```text
//!              ┌── files that rules read ──▶ folder in memory ──┐
//!  Archive ────┤                                                ▼
//!              │                     Pool ── frames ──▶ worker.py, worker.py, …
//!              ▼                                                │
//!           Engine ──▶ Report ◀── Report::merge ◀── ExternalFindings ◀───┘
//! ```
//!
//! - [`Adapter::begin`] writes the files and hands the folder to a process; the caller runs our own engine meanwhile and then
//!   [waits](Pending::wait).
//! - A process is given one archive at a time. A rule that hangs is interrupted in it; a process that hangs, crashes or grows
//!   is replaced, and its archive is tried once more in a new one ([`recycling`]).
//! - Python runs the organisation's own code: this contains faults, it is no sandbox.
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
