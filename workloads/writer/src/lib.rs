//! insights-results-db-writer: rule results become rows.
//!
//! ```text
//!  results topic ─▶ batch ─▶ check ─▶ store ─▶ dead letters ─▶ status ─▶ commit the offsets
//!                              │        │           ▲
//!                              └────────┴─ refused ─┘
//! ```
//!
//! One writer is active at a time: it joins the consumer group only while it holds the lease of the database, and leaves the
//! group when it loses it. What is read again after a crash is harmless, because a report that is not newer than the stored one
//! changes nothing; so offsets are committed last, and nothing is lost.
//!
//! A message is given up only for its own sake. While the database or the brokers are away the batch in flight waits, however
//! long, and the writer says that it is not ready.

mod allow_list;
mod batch;
mod check;
mod dead_letters;
mod error;
mod metrics;
mod process;
mod run;
mod status;
mod store;

pub use error::WriterError;
pub use run::{run, run_on};

/// The name under which the writer appears in statuses and dead letters.
pub const SERVICE: &str = "insights-results-db-writer";
