//! The endpoints, one line for each; a file for each resource.
//!
//! A handler's `utoipa::path` has its method, its path and the schema of its answer; its doc comment is the text in
//! `openapi.json`. Parameters, security and problems follow from the path, see [`openapi`](crate::openapi).

mod acknowledgements;
mod cluster_rule;
mod clusters;
mod debug;
mod hits;
mod info;
mod metrics;
mod openapi;
mod ratings;
mod reasons;
mod recommendations;
mod report;
mod report_info;
mod reports;
mod root;
mod rule;
mod toggles;
mod votes;
mod workloads;

use std::sync::Arc;

use ccx_http::Endpoint;
use utoipa_axum::routes;

use crate::api::Api;

/// Which operations are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operations {
    /// All but those for people who debug.
    Production,
    /// All.
    WithDebug,
}

/// Returns the endpoints that are served.
pub(crate) fn endpoints(operations: Operations) -> Vec<Endpoint<Arc<Api>>> {
    let mut endpoints = production_endpoints();
    if operations == Operations::WithDebug {
        endpoints.extend(debug_endpoints());
    }
    endpoints
}

fn production_endpoints() -> Vec<Endpoint<Arc<Api>>> {
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
        routes!(hits::rules_of_clusters),
        routes!(hits::clusters_with_rules),
        routes!(hits::clusters_detail),
        routes!(votes::like),
        routes!(votes::dislike),
        routes!(votes::reset_vote),
        routes!(toggles::disable_rule),
        routes!(toggles::enable_rule),
        routes!(toggles::disabled_rules),
        routes!(toggles::disabled_rules_for_clusters),
        routes!(toggles::disabled_clusters),
        routes!(reasons::disable_feedback),
        routes!(reasons::disable_reasons),
        routes!(acknowledgements::acknowledge),
        routes!(acknowledgements::update_acknowledgement),
        routes!(acknowledgements::delete_acknowledgement),
        routes!(acknowledgements::acknowledgement),
        routes!(acknowledgements::acknowledgements),
        routes!(ratings::rate),
        routes!(ratings::rating),
        routes!(workloads::workloads, workloads::workloads_of_clusters),
        routes!(workloads::workloads_of_namespace),
    ]
}

fn debug_endpoints() -> Vec<Endpoint<Arc<Api>>> {
    vec![
        routes!(debug::organizations),
        routes!(debug::delete_organizations),
        routes!(debug::delete_clusters),
        routes!(debug::get_vote),
    ]
}
