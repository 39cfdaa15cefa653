//! `insights-results-aggregator`: rows become REST answers.
//!
//! ```text
//!             ┌ routes ── the table of endpoints: method, path, who may ask, what answers
//!   request ──▶ dispatch ── counts, authenticates, checks the organisation, limits the time
//!                 │
//!                 ▼
//!              endpoints/* ──▶ cache ──(miss)──▶ ccx_storage::read ──▶ PostgreSQL
//!                 │              ▲                                        │
//!                 ▼              └────────── invalidation ◀── NOTIFY ─────┘
//!              answer, error ──▶ response
//! ```
//!
//! **Adding an endpoint** is one file in `endpoints` with a `ROUTE` and a line in [`routes::TABLE`](routes). The table is the only
//! place that knows paths; the router, the redirects between `…/` and `…`, the metrics' labels, `openapi.json` and the tests
//! that every path is protected are all made from it.
//!
//! **Who may ask.** An endpoint below an organisation receives its [`OrgId`](ccx_messages::OrgId) only from the dispatcher, after
//! the caller's organisation was compared with it, so that no endpoint can forget the check.
//!
//! **How old an answer may be.** A kept answer is used until the writer announces a new report of its cluster (at once, over
//! LISTEN/NOTIFY), and for at most [`MAX_ANSWER_AGE`] in any case: other writers on the same database, such as the services that
//! this one replaces, announce nothing when they store a report, a vote or a disabled rule. While announcements can't be received,
//! nothing is kept at all.
//!
//! **When the database is away**, answers are `503`, never `404`: a client takes `404` for "no report yet" and acts on it. The
//! process stays alive and unready, and recovers by itself.

mod answer;
mod api;
mod auth;
mod cache;
mod content;
mod dispatch;
mod endpoints;
mod error;
mod hit;
mod indent;
mod invalidation;
mod metrics;
mod openapi;
mod parameters;
mod readiness;
mod recommendation;
mod routes;
mod server;

#[cfg(test)]
mod tests;

pub use api::Api;
pub use cache::MAX_ANSWER_AGE;
pub use metrics::Metrics;
pub use openapi::openapi;
pub use server::{AggregatorError, router, run};
