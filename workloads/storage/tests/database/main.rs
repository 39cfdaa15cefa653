//! The crate against a real PostgreSQL: one server for all tests, a database for each.

mod lease;
mod listener;
mod newest_wins;
mod plans;
mod schema;
mod support;
mod write;
