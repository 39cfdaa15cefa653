//! The crate against a real PostgreSQL: one server for all tests, a database for each.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and so do its helpers")]

mod export;
mod lease;
mod listener;
mod names;
mod newest_wins;
mod past_recommendations;
mod plans;
mod retention;
mod schema;
mod support;
mod workloads;
mod write;
