//! The interface between the page and the API that it shows.

use ccx_auth::Caller;
use ccx_messages::{ClusterId, RuleSelector};
use futures::future::BoxFuture;
use snafu::Snafu;

use crate::model::{
    ClusterPage, ClusterReport, ClusterRow, ClusterSelection, NamespaceKey, Recommendation,
    RecommendationDetails, WorkloadReport, WorkloadRow,
};

/// The answer of a source.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, SourceError>>;

/// The data of the page: the public API in a program, samples in tests. Everything is limited to what the caller may see.
pub trait Source: Send + Sync {
    /// Returns a page of the clusters of the caller's organisation.
    fn clusters<'a>(&'a self, caller: &'a Caller, selection: &'a ClusterSelection)
    -> Answer<'a, ClusterPage>;

    /// Returns a cluster as in the list.
    fn cluster_row<'a>(&'a self, caller: &'a Caller, cluster: ClusterId) -> Answer<'a, ClusterRow>;

    /// Returns a cluster with its recommendations.
    fn cluster<'a>(&'a self, caller: &'a Caller, cluster: ClusterId) -> Answer<'a, ClusterReport>;

    /// Returns all recommendations that have content.
    fn recommendations<'a>(&'a self, caller: &'a Caller) -> Answer<'a, Vec<Recommendation>>;

    /// Returns a recommendation with its clusters.
    fn recommendation<'a>(
        &'a self,
        caller: &'a Caller,
        rule: &'a RuleSelector,
    ) -> Answer<'a, RecommendationDetails>;

    /// Returns the namespaces with findings in their workloads.
    fn workloads<'a>(&'a self, caller: &'a Caller) -> Answer<'a, Vec<WorkloadRow>>;

    /// Returns a namespace with its recommendations.
    fn workload<'a>(&'a self, caller: &'a Caller, key: &'a NamespaceKey) -> Answer<'a, WorkloadReport>;

    /// Changes something.
    fn apply<'a>(&'a self, caller: &'a Caller, change: &'a Change) -> Answer<'a, ()>;
}

/// A change that a user makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Disables a recommendation for a cluster, or for all of the organisation.
    Disable {
        /// The recommendation.
        rule: RuleSelector,
        /// The cluster; `None` for all.
        cluster: Option<ClusterId>,
        /// The reason; may be empty.
        reason: String,
    },
    /// Enables a recommendation for a cluster, or for all of the organisation.
    Enable {
        /// The recommendation.
        rule: RuleSelector,
        /// The cluster; `None` for all.
        cluster: Option<ClusterId>,
    },
    /// Names a cluster.
    Name {
        /// The cluster.
        cluster: ClusterId,
        /// The name; empty for the one that it had before any user named it.
        name: String,
    },
    /// Rates a recommendation: 1, 0 or -1.
    Vote {
        /// The recommendation.
        rule: RuleSelector,
        /// The cluster that shows it; `None` if it is rated in general.
        cluster: Option<ClusterId>,
        /// The vote.
        vote: i8,
    },
}

/// The data can't be shown, or a change can't be made.
#[derive(Debug, Snafu)]
pub enum SourceError {
    /// It does not exist, or belongs to another organisation.
    #[snafu(display("not found"))]
    NotFound,
    /// The caller may not see or change it.
    #[snafu(display("forbidden"))]
    Forbidden,
    /// A dependency is unavailable.
    #[snafu(display("temporarily unavailable"))]
    Unavailable,
}
