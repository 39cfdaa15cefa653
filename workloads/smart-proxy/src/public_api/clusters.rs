//! The clusters of an organisation.

use ccx_auth::Caller;
use ccx_content::Content;
use ccx_messages::ClusterId;
use chrono::{DateTime, Utc};

use super::PublicApi;
use crate::{
    directory::{ClusterList, ListedCluster, status},
    error::ApiError,
    model::{ClusterInfo, ClusterSummary, HitsByRisk},
    snapshot::Snapshot,
    texts::{Texts, is_for_managed_clusters, total_risk},
};

impl PublicApi {
    /// Lists all clusters of the organisation with the numbers of their enabled hits.
    pub async fn clusters(&self, caller: &Caller) -> Result<Vec<ClusterSummary>, ApiError> {
        let snapshot = self.snapshot(caller.org_id).await?;
        let list = self.directory.list(caller.org_id, &snapshot).await;
        let is_stale = |time| self.directory.is_stale(time);
        Ok(summaries(&snapshot, &list, &self.texts(caller), is_stale))
    }

    /// Returns a cluster of the organisation.
    pub async fn cluster(&self, caller: &Caller, cluster_id: ClusterId) -> Result<ClusterInfo, ApiError> {
        let stored = self.database.report_info(caller.org_id, cluster_id).await?;
        let stored = stored.ok_or_else(|| ApiError::NotFound { item: cluster_id.to_string() })?;
        let known = self.directory.describe(caller.org_id, cluster_id).await;
        Ok(ClusterInfo {
            cluster_id,
            display_name: known.display_name,
            managed: known.managed,
            status: if known.status.is_empty() {
                status(self.directory.is_stale(stored.last_checked_at)).into()
            } else {
                known.status
            },
        })
    }
}

fn summaries(
    snapshot: &Snapshot,
    list: &ClusterList,
    texts: &Texts,
    is_stale: impl Fn(Option<DateTime<Utc>>) -> bool,
) -> Vec<ClusterSummary> {
    let hits = hits_by_cluster(snapshot, list, texts);
    let summary = |cluster: &ListedCluster| {
        let stored = snapshot.position(cluster.id);
        let hits = stored.map(|position| hits[position]).unwrap_or_default();
        let stored = stored.map(|position| &snapshot.clusters[position]);
        ClusterSummary {
            cluster_id: cluster.id,
            cluster_name: cluster.display_name.clone(),
            managed: cluster.managed,
            last_checked_at: stored.and_then(|stored| stored.last_checked_at),
            total_hit_count: hits.total(),
            hits_by_total_risk: hits,
            cluster_version: stored
                .map(|stored| stored.version.clone())
                .filter(|version| !version.is_empty()),
            stale: is_stale(stored.and_then(|stored| stored.last_checked_at)),
        }
    };
    list.clusters.iter().map(summary).collect()
}

/// Counts the enabled hits of each cluster of the snapshot.
pub(super) fn hits_by_cluster(snapshot: &Snapshot, list: &ClusterList, texts: &Texts) -> Vec<HitsByRisk> {
    let mut hits = vec![HitsByRisk::default(); snapshot.clusters.len()];
    for (content, position) in enabled_hits(snapshot, list, texts) {
        hits[position].add(total_risk(content));
    }
    hits
}

/// Iterates over the enabled hits that have texts: the texts, and the position of the cluster in the snapshot.
pub(super) fn enabled_hits<'a>(
    snapshot: &'a Snapshot,
    list: &'a ClusterList,
    texts: &'a Texts,
) -> impl Iterator<Item = (&'a Content, usize)> {
    let enabled = snapshot.hits.iter().filter(|hits| !snapshot.is_acknowledged(&hits.selector));
    let with_texts = enabled.filter_map(|hits| Some((hits, texts.get(&hits.selector)?)));
    with_texts.flat_map(move |(hits, content)| {
        let is_for_managed = is_for_managed_clusters(content);
        let clusters = snapshot.enabled_hits(hits).filter(move |(_, cluster)| {
            list.get(cluster.id).is_some_and(|listed| is_for_managed || !listed.managed)
        });
        clusters.map(move |(position, _)| (content, position))
    })
}
