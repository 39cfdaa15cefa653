//! One namespace with the recommendations for its workloads.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use chrono::{DateTime, Utc};

use super::respond;
use crate::{
    error_page::{ErrorPage, Kind},
    frame::{Frame, Section, Theme},
    html,
    icon::Icon,
    model::{NamespaceKey, WorkloadCheck, WorkloadObject, WorkloadRow},
    page::Page,
    visit::Visit,
};

/// The limit of objects that are shown for a recommendation.
const MAX_OBJECTS: usize = 200;

#[derive(Template)]
#[template(path = "workload.html")]
struct View<'a> {
    frame: &'a Frame,
    now: DateTime<Utc>,
    row: &'a WorkloadRow,
    checks: Vec<&'a WorkloadCheck>,
}

impl View<'_> {
    #[allow(clippy::unused_self, reason = "templates call methods")]
    fn objects_of(&self, check: &WorkloadCheck) -> u64 {
        check.objects.len() as u64
    }

    #[allow(clippy::unused_self, reason = "templates call methods")]
    fn shown_objects<'a>(&self, check: &'a WorkloadCheck) -> &'a [WorkloadObject] {
        &check.objects[..check.objects.len().min(MAX_OBJECTS)]
    }

    /// Returns how many objects are not shown, if any.
    fn more_objects(&self, check: &WorkloadCheck) -> Option<String> {
        let more = check.objects.len().checked_sub(MAX_OBJECTS).filter(|more| *more > 0)?;
        Some(self.frame.texts.more_objects.format(more as u64))
    }
}

/// Shows a namespace.
pub(crate) async fn show(
    State(page): State<Page>,
    Path((cluster, namespace)): Path<(String, String)>,
    visit: Visit,
) -> Result<Response, ErrorPage> {
    let cluster = cluster.parse().map_err(|_| visit.error(Kind::NotFound))?;
    let report = page.source.workload(&visit.caller, &NamespaceKey { cluster, namespace }).await;
    let report = report.map_err(|error| visit.error((&error).into()))?;
    let mut checks: Vec<&WorkloadCheck> = report.checks.iter().collect();
    checks.sort_by(|left, right| right.risk.cmp(&left.risk).then_with(|| left.check.cmp(&right.check)));
    let view = View { frame: &visit.frame(Section::Workloads), now: visit.now, row: &report.row, checks };
    Ok(respond(StatusCode::OK, &view))
}
