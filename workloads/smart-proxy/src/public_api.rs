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

use std::sync::Arc;

use ccx_aggregator::CurrentContent;
use ccx_auth::Caller;
use ccx_config::SmartProxy;
use ccx_messages::OrgId;
use ccx_storage::Database;
use ccx_valkey::RequestStore;

pub use feedback::{ClusterFinding, Vote};
pub use reports::ReportOptions;

use crate::{
    account_management::AccountManagementError, directory::Directory, error::ApiError, snapshot::Snapshot,
    texts::Texts,
};

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
    pub fn new(
        database: Database,
        content: Arc<CurrentContent>,
        settings: &SmartProxy,
    ) -> Result<Self, AccountManagementError> {
        let directory = Directory::new(settings)?;
        Ok(Self {
            database,
            content,
            directory,
            requests: None,
            max_feedback_bytes: settings.max_feedback_bytes,
        })
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
