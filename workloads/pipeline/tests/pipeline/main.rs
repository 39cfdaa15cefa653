//! The whole pipeline in one process, on an embedded Kafka and an embedded S3 server.

#![expect(
    clippy::unwrap_used,
    reason = "what can't be set up fails the test, in helpers as well as in tests"
)]

mod bad_input;
mod dashboards;
mod env;
mod good_input;
mod hostile;
mod outage;
mod roles;
mod shutdown;
mod user_rules;
mod web;
