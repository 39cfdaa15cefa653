//! The endpoints, one line for each; a file for each resource.
//!
//! A handler's `utoipa::path` has its method, its path and the schema of its answer; its doc comment is the text in
//! `openapi.json`. Parameters in paths, security and problems follow from the path, see [`openapi`](crate::openapi).

mod acknowledgements;
mod clusters;
mod content;
mod content_service;
mod feedback;
mod overview;
mod raw_reports;
mod recommendations;
mod rendered_reports;
mod reports;
mod requests;
mod service;
mod upgrade_risks;
mod workloads;

pub(crate) use rendered_reports::RenderedHit;

use std::sync::Arc;

use ccx_http::Endpoint;
use utoipa_axum::routes;

use crate::api::Api;

/// Returns the endpoints of version 1.
pub(crate) fn v1() -> Vec<Endpoint<Arc<Api>>> {
    vec![
        routes!(service::root),
        routes!(service::info),
        routes!(service::metrics),
        routes!(service::openapi_v1),
        routes!(reports::report_of_organization),
        routes!(reports::report_v1),
        routes!(reports::report_info),
        routes!(reports::rule_report),
        routes!(raw_reports::reports),
        routes!(raw_reports::reports_by_body),
        routes!(feedback::like),
        routes!(feedback::dislike),
        routes!(feedback::reset_vote),
        routes!(feedback::disable),
        routes!(feedback::enable),
        routes!(feedback::disable_feedback),
        routes!(clusters::clusters_of_organization),
        routes!(overview::overview, overview::overview_of_clusters),
        routes!(content::groups),
        routes!(content::rule_content_v1),
        routes!(content::rule_ids),
        routes!(content::content_v1),
    ]
}

/// Returns the endpoints of version 2.
pub(crate) fn v2() -> Vec<Endpoint<Arc<Api>>> {
    vec![
        routes!(service::root),
        routes!(service::info),
        routes!(service::metrics),
        routes!(service::openapi_v2),
        routes!(reports::report_v2),
        routes!(clusters::cluster),
        routes!(clusters::history),
        routes!(clusters::set_name),
        routes!(clusters::clusters),
        routes!(recommendations::recommendations),
        routes!(recommendations::recommendation),
        routes!(recommendations::recommendation_content),
        routes!(recommendations::clusters_detail),
        routes!(content::groups),
        routes!(content::content_v2),
        routes!(acknowledgements::acknowledgements, acknowledgements::acknowledge),
        routes!(
            acknowledgements::acknowledgement,
            acknowledgements::update_acknowledgement,
            acknowledgements::delete_acknowledgement
        ),
        routes!(feedback::rate),
        routes!(requests::requests, requests::requests_by_id),
        routes!(requests::request_status),
        routes!(requests::request_report),
        routes!(upgrade_risks::prediction),
        routes!(upgrade_risks::predictions),
        routes!(workloads::workloads),
        routes!(workloads::workload),
    ]
}

/// Returns the endpoints of the content service.
pub(crate) fn content_service() -> Vec<Endpoint<Arc<Api>>> {
    vec![
        routes!(content_service::root),
        routes!(content_service::info),
        routes!(content_service::metrics),
        routes!(content_service::openapi),
        routes!(content_service::groups),
        routes!(content_service::content),
        routes!(content_service::status),
    ]
}

/// Returns the endpoints of the renderer of templates, at its usual paths.
pub(crate) fn renderer() -> Vec<Endpoint<Arc<Api>>> {
    vec![routes!(rendered_reports::rendered_reports), routes!(rendered_reports::rendered_reports_v1)]
}
