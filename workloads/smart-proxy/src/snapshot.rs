//! The clusters of an organisation with the rules that hit them, read at once.

use std::collections::{HashMap, HashSet};

use ccx_messages::{ClusterId, OrgId, RuleFqdn, RuleSelector};
use ccx_storage::{
    Database, StorageError,
    feedback::{Acknowledgement, RuleToggle},
    read::{ReportedCluster, RuleHits},
};
use chrono::{DateTime, Utc};

/// The clusters of an organisation with the rules that hit them.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    /// The clusters with a report, sorted.
    pub(crate) clusters: Vec<SnapshotCluster>,
    /// The rules that hit some of them, sorted; each with positions in `clusters`.
    pub(crate) hits: Vec<SnapshotHits>,
    acknowledged: HashSet<RuleSelector>,
    disabled: HashMap<RuleSelector, HashSet<ClusterId>>,
}

/// A cluster with a report.
#[derive(Debug)]
pub(crate) struct SnapshotCluster {
    pub(crate) id: ClusterId,
    pub(crate) last_checked_at: Option<DateTime<Utc>>,
    /// The OpenShift version; empty when unknown.
    pub(crate) version: String,
}

/// A rule with the clusters that it hits.
#[derive(Debug)]
pub(crate) struct SnapshotHits {
    pub(crate) selector: RuleSelector,
    /// Positions in the snapshot's clusters.
    pub(crate) clusters: Vec<u32>,
}

impl Snapshot {
    /// Reads the snapshot of an organisation.
    pub(crate) async fn read(database: &Database, org_id: OrgId) -> Result<Self, StorageError> {
        let (clusters, hits, acknowledgements, toggles) = tokio::try_join!(
            database.reported_clusters(org_id),
            database.rule_hits_of_organization(org_id),
            database.acknowledgements(org_id),
            database.disabled_rules(org_id),
        )?;
        Ok(Self::new(clusters, &hits, &acknowledgements, &toggles))
    }

    fn new(
        clusters: Vec<ReportedCluster>,
        hits: &[RuleHits],
        acknowledgements: &[Acknowledgement],
        toggles: &[RuleToggle],
    ) -> Self {
        let mut clusters: Vec<SnapshotCluster> = clusters.into_iter().filter_map(parse_cluster).collect();
        clusters.sort_unstable_by_key(|cluster| cluster.id);
        let positions: HashMap<ClusterId, u32> =
            clusters.iter().map(|cluster| cluster.id).zip(0_u32..).collect();
        let mut disabled: HashMap<RuleSelector, HashSet<ClusterId>> = HashMap::new();
        for toggle in toggles {
            let selector = selector(&toggle.rule_id, &toggle.error_key);
            if let (Some(selector), Ok(cluster)) = (selector, toggle.cluster_id.parse()) {
                disabled.entry(selector).or_default().insert(cluster);
            }
        }
        let acknowledged = acknowledgements.iter().filter_map(|ack| selector(&ack.rule_id, &ack.error_key));
        Self {
            hits: hits.iter().filter_map(|hits| parse_hits(hits, &positions)).collect(),
            acknowledged: acknowledged.collect(),
            clusters,
            disabled,
        }
    }

    /// Returns the position of a cluster with a report.
    pub(crate) fn position(&self, id: ClusterId) -> Option<usize> {
        self.clusters.binary_search_by_key(&id, |cluster| cluster.id).ok()
    }

    /// Returns whether the organisation has disabled a rule for all its clusters.
    pub(crate) fn is_acknowledged(&self, selector: &RuleSelector) -> bool {
        self.acknowledged.contains(selector)
    }

    /// Returns the clusters for which the organisation has disabled a rule.
    pub(crate) fn disabled_clusters(&self, selector: &RuleSelector) -> Option<&HashSet<ClusterId>> {
        self.disabled.get(selector)
    }

    /// Returns the clusters that a rule hits, without those for which it is disabled.
    pub(crate) fn enabled_hits<'a>(
        &'a self,
        hits: &'a SnapshotHits,
    ) -> impl Iterator<Item = (usize, &'a SnapshotCluster)> {
        let disabled = self.disabled_clusters(&hits.selector);
        hits.clusters.iter().filter_map(move |position| {
            let position = usize::try_from(*position).ok()?;
            let cluster = self.clusters.get(position)?;
            let is_disabled = disabled.is_some_and(|disabled| disabled.contains(&cluster.id));
            (!is_disabled).then_some((position, cluster))
        })
    }
}

fn parse_cluster(row: ReportedCluster) -> Option<SnapshotCluster> {
    let id = row.cluster.parse().ok()?;
    Some(SnapshotCluster { id, last_checked_at: row.last_checked_at, version: row.version })
}

fn parse_hits(row: &RuleHits, positions: &HashMap<ClusterId, u32>) -> Option<SnapshotHits> {
    let selector = row.rule_id.parse().ok()?;
    let position = |name: &String| positions.get(&name.parse().ok()?).copied();
    let mut clusters: Vec<u32> = row.clusters.iter().filter_map(position).collect();
    clusters.sort_unstable();
    clusters.dedup();
    Some(SnapshotHits { selector, clusters })
}

/// Returns the selector of a rule that may be named with or without `.report`.
pub(crate) fn selector(rule: &str, error_key: &str) -> Option<RuleSelector> {
    Some(RuleSelector { rule: RuleFqdn::from_component(rule).ok()?, error_key: error_key.parse().ok()? })
}
