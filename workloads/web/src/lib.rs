//! Advisor page: clusters, recommendations and workloads as HTML.
//!
//! ```text
//!   request ──▶ visit (who, what, how shown) ──▶ views ──▶ Source: the public API
//!                                                  │
//!                                                  ▼
//!                         templates (askama) over typed rows ──▶ HTML, under a strict policy
//! ```
//!
//! Everything is rendered on the server and works without a script; `assets/site.js` only saves clicks. The paths and parameters are those
//! of the Advisor, so that links of other programs lead here.

#![allow(clippy::trivially_copy_pass_by_ref, reason = "templates pass every argument by reference")]

mod assets;
mod console_metrics;
mod cookies;
mod error_page;
mod evidence;
mod forms;
mod frame;
mod headers;
mod html;
mod icon;
mod list;
mod login;
mod markdown;
pub mod model;
mod page;
mod public_api;
mod query;
mod router;
mod secrets;
mod server;
mod source;
mod texts;
mod time;
mod timeline;
mod uploads;
mod views;
mod visit;

pub use console_metrics::ConsoleMetricsError;
pub use login::LoginSettings;
pub use page::{Page, PageSettings};
pub use router::router;
pub use server::{WebError, run, run_on};
pub use source::{Answer, Change, Source, SourceError};
pub use uploads::{ArchiveStream, Upload, UploadState, Uploads};

/// The path of the page: that of the Advisor.
pub const BASE: &str = "/openshift/insights/advisor";
