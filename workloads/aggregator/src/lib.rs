//! `insights-results-aggregator`: rows become REST answers.
//!
//! ```text
//!   request ──▶ router ── the endpoints' paths, and the redirects between `…/` and `…`
//!                 │
//!               layers ── metrics and logs, limits, panics, ETag and gzip
//!                 │
//!               extract ── the caller, the organisation, the parameters, the body
//!                 │
//!                 ▼
//!              endpoints/* ──▶ cache ──(miss)──▶ ccx_storage::read ──▶ PostgreSQL
//!                 │              ▲                                        │
//!                 ▼              └────────── invalidation ◀── NOTIFY ─────┘
//!             response, error
//! ```
//!
//! **Adding an endpoint** takes its handler with the types of its request and answer, in a file of `endpoints`, and a line in
//! `endpoints.rs`. The router, the redirects, the labels of the metrics, `openapi.json` and the tests that every path is
//! protected are all derived from that line.
//!
//! **Access.** A handler gets the [`OrgId`](ccx_messages::OrgId) of its path only from the extractor `Member`, after the
//! caller's organisation was compared with it, so that no endpoint can omit the check.
//!
//! **Age of an answer.** A cached answer is used until the writer announces a new report of its cluster (at once, over
//! LISTEN/NOTIFY), and for at most [`MAX_ANSWER_AGE`] in any case: other writers on the same database, such as the services that
//! this one replaces, announce nothing when they store a report, a vote or a disabled rule. While announcements can't be received,
//! the cache is out of use.
//!
//! **When the database is unavailable**, answers are `503`, never `404`: a client takes `404` for "no report yet" and acts on it.
//! The process stays alive and unready, and recovers by itself.

mod access;
mod api;
mod content;
mod endpoints;
mod error;
mod go_time;
mod hit;
mod indent;
mod invalidation;
mod member;
mod metrics;
mod openapi;
mod readiness;
mod recommendation;
mod server;

#[cfg(test)]
mod tests;

pub use api::Api;
pub use ccx_http::MAX_ANSWER_AGE;
pub use content::{CurrentContent, Trees, follow_rules};
pub use metrics::Metrics;
pub use readiness::watch_database;
pub use server::{AggregatorError, router, run, run_on, run_with};
