//! `insights-results-smart-proxy`: the public REST API with rule content, users and clusters.
//!
//! ```text
//!   request ──▶ endpoints/{v1,v2} ──▶ PublicApi ──┬─▶ ccx_storage   rows
//!   web page ───────────────────────▶             ├─▶ Texts         rule content
//!                                                 ├─▶ clusters      names, from OCM or from our own data
//!                                                 └─▶ ccx_valkey    on-demand requests
//! ```
//!
//! [`PublicApi`] is the one place where rows are joined with content; REST handlers and the web page call the same methods. Every
//! method takes the [`Caller`](ccx_auth::Caller) and reads its organisation only.
//!
//! **What clients need** (each rule has a test): a cluster without a report is a `404`; times are valid or absent; lists are never
//! null; the data of a hit is an object with the strings `error_key` and `type`; a severity is 1 to 4; no hit appears twice. A rule
//! without content, or content without a rule, never breaks a list.

mod account_management;
mod api;
mod asked;
mod circuit_breaker;
mod directory;
mod endpoints;
mod error;
mod last_answers;
mod metrics;
mod model;
mod openapi;
mod public_api;
mod query;
mod renderer;
mod server;
mod snapshot;
mod texts;
mod upgrade_risks;

pub use account_management::AccountManagementError;
pub use error::ApiError;
pub use model::*;
pub use public_api::{
    ClusterFinding, ClusterOrder, ClusterPage, ClusterSelection, ClusterTotals, PublicApi, ReportOptions,
    Vote,
};
pub use server::{Service, SmartProxyError, run, run_on};
pub use upgrade_risks::UpgradeRisksError;

#[cfg(test)]
mod tests;
