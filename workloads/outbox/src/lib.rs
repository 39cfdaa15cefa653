//! Messages that a workload sends to Kafka.
//!
//! ```text
//!   results ──▶ Sender ───────▶ retried until Kafka accepts it, or rejects it as too large or malformed
//!   dead letters ──▶ DeadLetters ──▶ retried until Kafka accepts it; without its payload if it is too large
//!   statuses ──▶ StatusReporter ──▶ best effort, never retried
//!                     KafkaReadiness ──▶ /readyz
//! ```
//!
//! A message is never dropped because Kafka is unavailable or configured wrongly: the workload retries, is not ready, and
//! counts the messages that wait.

mod dead_letters;
mod readiness;
mod sender;
mod status;

pub use dead_letters::DeadLetters;
pub use readiness::KafkaReadiness;
pub use sender::{SendError, Sender, SenderMetrics};
pub use status::{Request, StatusMetrics, StatusReporter};
