//! Which clusters an organisation has, and their names.
//!
//! Account management knows, where it is configured. Otherwise, and while it fails, these are the clusters with a report, under the
//! names of the configuration.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use ccx_config::SmartProxy;
use ccx_messages::{ClusterId, OrgId};
use ccx_service::error_chain;
use chrono::{DateTime, Utc};

use crate::{
    account_management::{AccountManagement, AccountManagementError},
    snapshot::Snapshot,
};

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
    /// The status of the subscription; empty when unknown.
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
pub(crate) struct Directory {
    account_management: Option<AccountManagement>,
    names: BTreeMap<ClusterId, String>,
    stale_after: Duration,
}

impl Directory {
    pub(crate) fn new(settings: &SmartProxy) -> Result<Self, AccountManagementError> {
        let names = settings.cluster_names.iter();
        Ok(Self {
            account_management: AccountManagement::new(&settings.account_management)?,
            names: names.filter_map(|(id, name)| Some((id.parse().ok()?, name.clone()))).collect(),
            stale_after: settings.stale_after,
        })
    }

    /// Lists the clusters of an organisation.
    pub(crate) async fn list(&self, org_id: OrgId, snapshot: &Snapshot) -> ClusterList {
        match self.listed(org_id).await {
            Some(clusters) => ClusterList::new(clusters.to_vec()),
            None => ClusterList::new(snapshot.clusters.iter().map(|cluster| self.own(cluster.id)).collect()),
        }
    }

    /// Returns the name of a cluster, and whether the vendor manages it.
    pub(crate) async fn describe(&self, org_id: OrgId, id: ClusterId) -> ListedCluster {
        let listed = self.listed(org_id).await;
        let found = listed.as_ref().and_then(|clusters| {
            let position = clusters.binary_search_by_key(&id, |cluster| cluster.id).ok()?;
            clusters.get(position).cloned()
        });
        found.unwrap_or_else(|| self.own(id))
    }

    /// Returns whether a report of this time is stale.
    pub(crate) fn is_stale(&self, last_checked_at: Option<DateTime<Utc>>) -> bool {
        let age = last_checked_at.map(|time| Utc::now() - time);
        age.and_then(|age| age.to_std().ok()).is_some_and(|age| age > self.stale_after)
    }

    async fn listed(&self, org_id: OrgId) -> Option<std::sync::Arc<Vec<ListedCluster>>> {
        let account_management = self.account_management.as_ref()?;
        match account_management.clusters(org_id).await {
            Ok(clusters) => Some(clusters),
            Err(AccountManagementError::Paused) => None,
            Err(error) => {
                let error = error_chain(&error);
                tracing::warn!(%org_id, error, "account management unavailable, listing clusters with a report");
                None
            }
        }
    }

    fn own(&self, id: ClusterId) -> ListedCluster {
        let display_name = self.names.get(&id).cloned().unwrap_or_else(|| id.to_string());
        ListedCluster { id, display_name, managed: false, status: String::new() }
    }
}

/// Returns the status of a cluster by the age of its report.
pub(crate) fn status(is_stale: bool) -> &'static str {
    if is_stale { STALE } else { ACTIVE }
}
