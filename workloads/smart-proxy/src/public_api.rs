//! The operations of the public API, over typed answers.

mod acknowledgements;
mod cluster_page;
mod clusters;
mod content;
mod feedback;
mod history;
mod names;
mod overview;
mod recommendations;
mod reports;
mod requests;
mod workloads;

use std::sync::Arc;

use ccx_aggregator::CurrentContent;
use ccx_auth::Caller;
use ccx_config::SmartProxy;
use ccx_messages::OrgId;
use ccx_storage::{Database, ReportChange};
use ccx_valkey::RequestStore;

pub use cluster_page::{ClusterOrder, ClusterPage, ClusterSelection, ClusterTotals};
pub use feedback::{ClusterFinding, Vote};
pub use reports::ReportOptions;

use crate::{
    account_management::AccountManagementError,
    directory::{ClusterList, Directory},
    error::ApiError,
    metrics::Metrics,
    snapshot::{FactCache, Facts, ReportsCache, Snapshot},
    texts::Texts,
};

/// Part of the memory for organisations that their opinions and names get.
const FACTS_SHARE: u64 = 8;

/// The operations of the public API. Every one reads and changes what belongs to the caller's organisation only.
pub struct PublicApi {
    pub(crate) database: Database,
    pub(crate) content: Arc<CurrentContent>,
    pub(crate) directory: Directory,
    /// `None` when no Valkey is configured: then requests are in the database.
    pub(crate) requests: Option<RequestStore>,
    pub(crate) max_feedback_bytes: usize,
    facts: FactCache,
    reports: ReportsCache,
}

/// The clusters of an organisation, with everything that an answer about them needs.
pub(crate) struct View {
    pub(crate) snapshot: Snapshot,
    pub(crate) list: Arc<ClusterList>,
    pub(crate) texts: Texts,
}

impl PublicApi {
    /// Creates the API over a database and the texts in use.
    pub(crate) fn new(
        database: Database,
        content: Arc<CurrentContent>,
        settings: &SmartProxy,
        metrics: &Metrics,
    ) -> Result<Self, AccountManagementError> {
        let max_bytes = settings.max_snapshots.as_u64();
        let facts = FactCache::new(max_bytes / FACTS_SHARE);
        let (hits, misses) = (metrics.snapshot_hits.clone(), metrics.snapshot_misses.clone());
        let reports = ReportsCache::new(max_bytes - max_bytes / FACTS_SHARE, hits, misses);
        let directory = Directory::new(settings)?;
        Ok(Self {
            database,
            content,
            directory,
            requests: None,
            max_feedback_bytes: settings.max_feedback_bytes,
            facts,
            reports,
        })
    }

    /// Answers on-demand requests from `requests`.
    #[must_use]
    pub(crate) fn with_requests(self, requests: Option<RequestStore>) -> Self {
        Self { requests, ..self }
    }

    /// Returns the texts that a caller may see; one answer uses the same ones throughout.
    pub(crate) fn texts(&self, caller: &Caller) -> Texts {
        Texts::new(self.content.get(), caller.internal)
    }

    /// Returns the texts that everyone may see.
    pub(crate) fn public_texts(&self) -> Texts {
        Texts::new(self.content.get(), false)
    }

    /// Returns the clusters and hits of an organisation.
    pub(crate) async fn snapshot(&self, org_id: OrgId) -> Result<Snapshot, ApiError> {
        // The state of several statements is large: on the heap, it does not add to the size of every caller.
        let (reports, facts) = tokio::try_join!(
            Box::pin(self.reports.get(&self.database, org_id)),
            Box::pin(self.facts.get(&self.database, org_id)),
        )?;
        Ok(Snapshot { reports, facts })
    }

    /// Returns the opinions of an organisation, and its names for clusters.
    pub(crate) async fn facts(&self, org_id: OrgId) -> Result<Arc<Facts>, ApiError> {
        Ok(Box::pin(self.facts.get(&self.database, org_id)).await?)
    }

    /// Returns the clusters of the caller's organisation, with everything that an answer about them needs.
    pub(crate) async fn view(&self, caller: &Caller) -> Result<View, ApiError> {
        let snapshot = self.snapshot(caller.org_id).await?;
        let list = self.directory.list(caller.org_id, &snapshot).await;
        Ok(View { snapshot, list, texts: self.texts(caller) })
    }

    /// Drops what is cached about an organisation, as one of its rules was disabled or enabled, or a cluster named.
    pub(crate) fn forget(&self, org_id: OrgId) {
        self.facts.forget(org_id);
    }

    /// Applies an announcement: reports, disabled rules and names of clusters are announced as changes of reports.
    pub(crate) fn apply(&self, change: ReportChange) {
        match change {
            ReportChange::Changed(report) => {
                self.facts.forget(report.org_id);
                self.reports.changed(report.org_id, report.cluster_id);
            }
            ReportChange::Everything => {
                self.facts.forget_all();
                self.reports.resume();
            }
            ReportChange::Lost => self.reports.suspend(),
        }
    }
}
