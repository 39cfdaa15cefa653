//! Invalidates cached answers when the writer announces new reports.

use ccx_http::AnswerCache;
use ccx_storage::{ReportChange, ReportListener};
use tokio_util::sync::CancellationToken;

use crate::api::Api;

/// Applies announcements until `shutdown`. While they can't be received, the cache is out of use.
pub(crate) async fn follow_announcements(api: &Api, shutdown: &CancellationToken) {
    let Some(cache) = &api.cache else { return };
    let mut listener = ReportListener::new(&api.database);
    loop {
        tokio::select! {
            change = listener.next() => apply(cache, change),
            () = shutdown.cancelled() => return,
        }
        api.metrics.is_listening.set(i64::from(cache.is_in_use()));
    }
}

fn apply(cache: &AnswerCache, change: ReportChange) {
    match change {
        ReportChange::Changed(report) => cache.invalidate(report.cluster_id),
        ReportChange::Everything => cache.resume(),
        ReportChange::Lost => cache.suspend(),
    }
}
