//! The program as users run it.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod config;
mod dlq;
mod insights_results_aggregator;
mod kafka_causes;
mod local;
mod original_tools;
mod peer;
mod process;
mod retention;
mod rules;
mod tools;
mod workload;
