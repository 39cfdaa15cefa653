//! The whole writer in this process, on an embedded Kafka and a private PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and so do its helpers")]

mod bad_messages;
mod batches;
mod dvo;
mod good_messages;
mod lifecycle;
mod metrics;
mod outage;
mod requests;
mod support;
