//! The clusters of an organisation with the rules that hit them.

use std::collections::{BTreeMap, HashMap, HashSet};

use ccx_messages::{ClusterId, OrgId, RuleSelector};
use ccx_storage::{
    ClusterName, Database, StorageError,
    read::{ReportedCluster, RuleHits},
};
use chrono::{DateTime, Utc};

/// Rough size of a cluster, with its place in the index, in bytes.
const CLUSTER_BYTES: usize = 210;

/// Rough size of a rule that hits some cluster, in bytes.
const RULE_BYTES: usize = 200;

/// The clusters of an organisation with the rules that hit them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reports {
    clusters: Vec<SnapshotCluster>,
    index: HashMap<ClusterId, u32>,
    /// The rules that hit some cluster; each with sorted positions in `clusters`.
    hits: BTreeMap<RuleSelector, Vec<u32>>,
}

/// A cluster with a report.
#[derive(Clone, Debug)]
pub(crate) struct SnapshotCluster {
    pub(crate) id: ClusterId,
    pub(crate) last_checked_at: Option<DateTime<Utc>>,
    /// The OpenShift version; empty when unknown.
    pub(crate) version: String,
    /// The name in the cluster's own data.
    pub(crate) reported_name: Option<Box<str>>,
}

/// A cluster that was changed has no report any more: the rest must be read again.
pub(super) struct ClusterGone;

impl Reports {
    /// Reads all reports of an organisation.
    pub(super) async fn read(database: &Database, org_id: OrgId) -> Result<Self, StorageError> {
        let (clusters, hits, names) = tokio::try_join!(
            database.reported_clusters(org_id),
            database.rule_hits_of_organization(org_id),
            database.reported_names(org_id),
        )?;
        let mut reports = Self::default();
        reports.add(clusters, &hits, names);
        Ok(reports)
    }

    /// Reads the reports of some clusters again.
    pub(super) async fn with_changes(
        mut self,
        changed: &HashSet<ClusterId>,
        database: &Database,
        org_id: OrgId,
    ) -> Result<Result<Self, ClusterGone>, StorageError> {
        let ids: Vec<ClusterId> = changed.iter().copied().collect();
        let (clusters, hits, names) = tokio::try_join!(
            database.reported_clusters_of(org_id, &ids),
            database.rule_hits_of(org_id, &ids),
            database.reported_names_of(org_id, &ids),
        )?;
        let found: HashSet<ClusterId> = clusters.iter().filter_map(|row| row.cluster.parse().ok()).collect();
        if changed.iter().any(|id| !found.contains(id) && self.index.contains_key(id)) {
            return Ok(Err(ClusterGone));
        }
        let positions: HashSet<u32> = changed.iter().filter_map(|id| self.index.get(id).copied()).collect();
        self.hits.retain(|_, clusters| {
            clusters.retain(|position| !positions.contains(position));
            !clusters.is_empty()
        });
        self.add(clusters, &hits, names);
        Ok(Ok(self))
    }

    fn add(&mut self, clusters: Vec<ReportedCluster>, hits: &[RuleHits], names: Vec<ClusterName>) {
        let mut names: HashMap<String, String> =
            names.into_iter().map(|row| (row.cluster_id, row.name)).collect();
        for row in clusters {
            let Ok(id) = row.cluster.parse() else { continue };
            let reported_name = names.remove(&row.cluster).map(String::into_boxed_str);
            let (last_checked_at, version) = (row.last_checked_at, row.version);
            let cluster = SnapshotCluster { id, last_checked_at, version, reported_name };
            if let Some(position) = self.index.get(&id) {
                self.clusters[*position as usize] = cluster;
            } else if let Ok(position) = u32::try_from(self.clusters.len()) {
                self.index.insert(id, position);
                self.clusters.push(cluster);
            }
        }
        for row in hits {
            let Ok(rule) = row.rule_id.parse() else { continue };
            let position = |name: &String| self.index.get(&name.parse().ok()?).copied();
            let found: Vec<u32> = row.clusters.iter().filter_map(position).collect();
            let positions = self.hits.entry(rule).or_default();
            positions.extend(found);
            positions.sort_unstable();
            positions.dedup();
        }
    }

    /// Returns the clusters with a report, in no particular order.
    pub(crate) fn clusters(&self) -> &[SnapshotCluster] {
        &self.clusters
    }

    /// Returns the position of a cluster with a report.
    pub(crate) fn position(&self, id: ClusterId) -> Option<usize> {
        self.index.get(&id).map(|position| *position as usize)
    }

    /// Returns the positions of the clusters that a rule hits.
    pub(crate) fn hits(&self, rule: &RuleSelector) -> Option<&[u32]> {
        self.hits.get(rule).map(Vec::as_slice)
    }

    /// Iterates over the rules that hit some cluster, sorted.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &RuleSelector> {
        self.hits.keys()
    }

    /// Returns the number of clusters and the sum of the times of their reports, in microseconds: other reports have others.
    pub(super) fn checksum(&self) -> (i64, i128) {
        let times = self.clusters.iter().filter_map(|cluster| cluster.last_checked_at);
        let count = i64::try_from(self.clusters.len()).unwrap_or(i64::MAX);
        (count, times.map(|time| i128::from(time.timestamp_micros())).sum())
    }

    /// Returns the rough memory, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let hits: usize = self.hits.values().map(Vec::len).sum();
        CLUSTER_BYTES * self.clusters.len() + RULE_BYTES * self.hits.len() + size_of::<u32>() * hits
    }
}
