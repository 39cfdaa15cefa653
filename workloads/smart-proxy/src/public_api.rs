//! The operations of the public API, over typed answers.

mod acknowledgements;
mod clusters;
mod content;
mod feedback;
mod overview;
mod recommendations;
mod reports;
mod requests;
mod stored_workloads;
mod workloads;

use std::{sync::Arc, time::Duration};

use ccx_aggregator::CurrentContent;
use ccx_auth::Caller;
use ccx_config::SmartProxy;
use ccx_messages::OrgId;
use ccx_storage::Database;
use ccx_valkey::RequestStore;
use chrono::{DateTime, Utc};

pub use feedback::{ClusterFinding, Vote};
pub use reports::ReportOptions;

use crate::{directory::Directory, error::ApiError, snapshot::Snapshot, texts::Texts};

/// Age from which a cluster's latest report is stale: clusters send one every two hours.
const STALE_AFTER: Duration = Duration::from_hours(24);

/// The operations of the public API. Every one reads and changes what belongs to the caller's organisation only.
pub struct PublicApi {
    pub(crate) database: Database,
    pub(crate) content: Arc<CurrentContent>,
    pub(crate) directory: Directory,
    /// `None` when no Valkey is configured.
    pub(crate) requests: Option<RequestStore>,
    pub(crate) max_feedback_bytes: usize,
}

impl PublicApi {
    /// Creates the API over a database and the texts in use.
    pub fn new(database: Database, content: Arc<CurrentContent>) -> Self {
        let directory = Directory;
        Self { database, content, directory, requests: None, max_feedback_bytes: 255 }
    }

    /// Applies the limits of `settings`.
    #[must_use]
    pub fn with_settings(self, settings: &SmartProxy) -> Self {
        Self { max_feedback_bytes: settings.max_feedback_bytes, ..self }
    }

    /// Answers on-demand requests from `requests`.
    #[must_use]
    pub fn with_requests(self, requests: Option<RequestStore>) -> Self {
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
    pub(crate) async fn snapshot(&self, org_id: OrgId) -> Result<Arc<Snapshot>, ApiError> {
        // The state of four statements is large: on the heap, it does not add to the size of every caller.
        Ok(Arc::new(Box::pin(Snapshot::read(&self.database, org_id)).await?))
    }

    /// Drops what is cached about an organisation, as one of its rules was disabled or enabled.
    #[expect(clippy::unused_self, reason = "nothing is cached yet")]
    pub(crate) fn forget(&self, _: OrgId) {}
}

/// Returns whether a report of this age is stale.
pub(crate) fn is_stale(last_checked_at: Option<DateTime<Utc>>) -> bool {
    let age = last_checked_at.map(|time| Utc::now() - time);
    age.and_then(|age| age.to_std().ok()).is_some_and(|age| age > STALE_AFTER)
}
