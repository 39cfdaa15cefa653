//! The endpoints, one line for each; a file for each resource.
//!
//! A handler's `utoipa::path` has its method, its path and the schema of its answer; its doc comment is the text in
//! `openapi.json`. Parameters, security and problems follow from the path, see [`openapi`](crate::openapi).

mod clusters;
mod info;
mod metrics;
mod openapi;
mod recommendations;
mod report;
mod report_info;
mod reports;
mod root;
mod rule;

use std::sync::Arc;

use utoipa_axum::{router::UtoipaMethodRouter, routes};

use crate::api::Api;

/// Handlers of one path with their description.
pub(crate) type Endpoint = UtoipaMethodRouter<Arc<Api>>;

/// Returns every endpoint.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        routes!(root::root),
        routes!(info::info),
        routes!(metrics::metrics),
        routes!(openapi::openapi),
        routes!(clusters::clusters),
        routes!(report::report),
        routes!(report_info::report_info),
        routes!(recommendations::recommendations),
        routes!(rule::rule),
        routes!(reports::reports),
        routes!(reports::reports_by_body),
    ]
}
