//! insights-results-db-writer: rule results become rows.
//!
//! ```text
//!  results topic ─▶ batch ─▶ check ─▶ store ─▶ dead letters ─▶ status ─▶ commit the offsets
//!                              │        │            ▲
//!                              └────────┴─ rejected ─┘
//! ```
//!
//! One writer is active at a time: it joins the consumer group only while it holds the lease of the database, and leaves the
//! group when it loses it. Offsets are committed last, so nothing is lost. A message that is read again after a crash is harmless:
//! a report that is not newer than the stored one changes nothing.
//!
//! Only a message that is invalid itself is dead-lettered. While the database or the brokers are unavailable, or the schema is not
//! the expected one, the batch in flight is retried without end, and the writer is not ready.

mod allow_list;
mod batch;
mod check;
mod database_retry;
mod error;
mod metrics;
mod outcome;
mod process;
mod run;
mod store;

pub use error::WriterError;
pub use run::{run, run_on, run_with};

/// The name under which the writer appears in statuses and dead letters.
pub const SERVICE: &str = "insights-results-db-writer";
