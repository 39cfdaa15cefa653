//! The writers: results become rows, or keys.
//!
//! ```text
//!  topic ─▶ batch ─▶ check ─▶ sink ─▶ dead letters ─▶ status ─▶ commit the offsets
//!                        │      │          ▲
//!                        └──────┴ rejected ┘
//! ```
//!
//! | writer | reads | writes |
//! |---|---|---|
//! | `insights-results-db-writer` ([`Writer::Reports`]) | results of rules | the schema `public` |
//! | `dvo-writer` ([`Writer::Workloads`]) | checked workloads | the schema `dvo` |
//! | `valkey-writer` ([`Writer::Requests`]) | results of rules | processed requests in Valkey or Redis, else in the database |
//!
//! One writer of each schema is active at a time: it joins the consumer group only while it holds the lease of the database, and
//! leaves the group when it loses it. Offsets are committed last, so nothing is lost. A message that is read again after a crash is
//! harmless: a result that is not newer than the stored one changes nothing.
//!
//! Only a message that is invalid itself is dead-lettered. While the storage or the brokers are unavailable, or the schema is not
//! the expected one, the batch in flight is retried without end, and the writer is not ready.

mod allow_list;
mod batch;
mod check;
mod database_writer;
mod error;
mod member;
mod metrics;
mod outcome;
mod process;
mod requests;
mod result;
mod role;
mod run;
mod sink;
mod storage_retry;
mod store;

pub use error::WriterError;
pub use role::SERVICE;
pub use run::Writer;
