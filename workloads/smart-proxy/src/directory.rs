//! Which clusters an organisation has, and their names.
//!
//! Account management knows, where it is configured. Otherwise, and while it fails, these are the clusters with a report, under the
//! names that users have chosen, or those of the configuration, or those in the clusters' own data.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use ccx_config::SmartProxy;
use ccx_messages::{ClusterId, OrgId};
use ccx_service::error_chain;
use chrono::{DateTime, Utc};

use crate::{
    account_management::{AccountManagement, AccountManagementError},
    snapshot::{Facts, Snapshot, SnapshotCluster},
};

/// The status of a cluster whose latest report is recent.
const ACTIVE: &str = "Active";

/// The status of a cluster whose latest report is old.
const STALE: &str = "Stale";

/// A cluster of an organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListedCluster {
    pub(crate) id: ClusterId,
    /// The name; the id when the name is unknown.
    pub(crate) display_name: String,
    pub(crate) managed: bool,
    /// The status of the subscription; empty when unknown.
    pub(crate) status: String,
}

/// The clusters of an organisation, sorted by id.
#[derive(Debug, Default)]
pub(crate) struct ClusterList {
    pub(crate) clusters: Vec<ListedCluster>,
    positions: HashMap<ClusterId, usize>,
}

impl ClusterList {
    pub(crate) fn new(mut clusters: Vec<ListedCluster>) -> Self {
        clusters.sort_unstable_by_key(|cluster| cluster.id);
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
    pub(crate) async fn list(&self, org_id: OrgId, snapshot: &Snapshot) -> Arc<ClusterList> {
        if let Some(list) = self.listed(org_id).await {
            return list;
        }
        let own = |cluster: &SnapshotCluster| {
            self.own(cluster.id, &snapshot.facts, cluster.reported_name.as_deref())
        };
        let clusters = snapshot.clusters().iter().map(own);
        Arc::new(ClusterList::new(clusters.collect()))
    }

    /// Returns the name of a cluster, and whether the vendor manages it. `reported_name` is the name in the cluster's own data.
    pub(crate) async fn describe(
        &self,
        org_id: OrgId,
        id: ClusterId,
        facts: &Facts,
        reported_name: Option<&str>,
    ) -> ListedCluster {
        let listed = self.listed(org_id).await;
        let found = listed.as_ref().and_then(|list| list.get(id).cloned());
        found.unwrap_or_else(|| self.own(id, facts, reported_name))
    }

    /// Returns a cluster that account management lists.
    pub(crate) async fn find(&self, org_id: OrgId, id: ClusterId) -> Option<ListedCluster> {
        self.listed(org_id).await?.get(id).cloned()
    }

    /// Returns whether a report of this time is stale.
    pub(crate) fn is_stale(&self, last_checked_at: Option<DateTime<Utc>>) -> bool {
        let age = last_checked_at.map(|time| Utc::now() - time);
        age.and_then(|age| age.to_std().ok()).is_some_and(|age| age > self.stale_after)
    }

    async fn listed(&self, org_id: OrgId) -> Option<Arc<ClusterList>> {
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

    fn own(&self, id: ClusterId, facts: &Facts, reported_name: Option<&str>) -> ListedCluster {
        let name = facts.name(id).or_else(|| self.names.get(&id).map(String::as_str)).or(reported_name);
        let display_name = name.map_or_else(|| id.to_string(), str::to_owned);
        ListedCluster { id, display_name, managed: false, status: String::new() }
    }
}

/// Returns the status of a cluster by the age of its report.
pub(crate) fn status(is_stale: bool) -> &'static str {
    if is_stale { STALE } else { ACTIVE }
}
