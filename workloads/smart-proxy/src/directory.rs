//! Which clusters an organisation has, and their names.

use std::collections::HashMap;

use ccx_messages::{ClusterId, OrgId};

use crate::{error::ApiError, public_api::is_stale, snapshot::Snapshot};

/// The status of a cluster whose latest report is recent.
const ACTIVE: &str = "Active";

/// The status of a cluster whose latest report is old.
const STALE: &str = "Stale";

/// A cluster of an organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListedCluster {
    pub(crate) id: ClusterId,
    pub(crate) display_name: String,
    pub(crate) managed: bool,
    pub(crate) status: String,
}

/// The clusters of an organisation.
#[derive(Debug, Default)]
pub(crate) struct ClusterList {
    pub(crate) clusters: Vec<ListedCluster>,
    positions: HashMap<ClusterId, usize>,
}

impl ClusterList {
    fn new(clusters: Vec<ListedCluster>) -> Self {
        let positions =
            clusters.iter().enumerate().map(|(position, cluster)| (cluster.id, position)).collect();
        Self { clusters, positions }
    }

    /// Returns a cluster of the list.
    pub(crate) fn get(&self, id: ClusterId) -> Option<&ListedCluster> {
        self.positions.get(&id).map(|position| &self.clusters[*position])
    }
}

/// Where lists and names of clusters come from.
#[derive(Debug, Default)]
pub(crate) struct Directory;

impl Directory {
    /// Lists the clusters of an organisation.
    #[expect(clippy::unused_async, reason = "names are read from the database next")]
    pub(crate) async fn list(&self, _: OrgId, snapshot: &Snapshot) -> Result<ClusterList, ApiError> {
        let clusters = snapshot.clusters.iter().map(|cluster| ListedCluster {
            id: cluster.id,
            display_name: cluster.id.to_string(),
            managed: false,
            status: status(is_stale(cluster.last_checked_at)).to_owned(),
        });
        Ok(ClusterList::new(clusters.collect()))
    }

    /// Returns the name of a cluster, and whether the vendor manages it; both default when the cluster is unknown.
    #[expect(clippy::unused_async, reason = "names are read from the database next")]
    pub(crate) async fn describe(&self, _: OrgId, id: ClusterId) -> ListedCluster {
        ListedCluster { id, display_name: id.to_string(), managed: false, status: ACTIVE.into() }
    }
}

/// Returns the status of a cluster by the age of its report.
pub(crate) fn status(is_stale: bool) -> &'static str {
    if is_stale { STALE } else { ACTIVE }
}
