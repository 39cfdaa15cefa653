//! The clusters of an organisation.

use std::sync::Arc;

use ccx_auth::Caller;
use ccx_content::Content;
use ccx_messages::ClusterId;

use super::{PublicApi, View};
use crate::{
    directory::{ListedCluster, status},
    error::ApiError,
    model::{ClusterInfo, ClusterSummary, HitsByRisk},
    snapshot::SnapshotCluster,
    texts::{is_for_managed_clusters, total_risk},
};

/// A cluster of the list, with its report and its hits.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) listed: &'a ListedCluster,
    /// `None` without a report.
    pub(super) stored: Option<&'a SnapshotCluster>,
    pub(super) hits: HitsByRisk,
    pub(super) is_stale: bool,
}

impl PublicApi {
    /// Lists all clusters of the organisation with the numbers of their enabled hits, sorted by id.
    pub async fn clusters(&self, caller: &Caller) -> Result<Vec<ClusterSummary>, ApiError> {
        let view = self.view(caller).await?;
        Ok(self.rows(&view).map(|row| row.summary()).collect())
    }

    /// Returns a cluster of the organisation with the numbers of its enabled hits.
    pub async fn cluster_summary(
        &self,
        caller: &Caller,
        cluster_id: ClusterId,
    ) -> Result<ClusterSummary, ApiError> {
        let view = self.view(caller).await?;
        let not_found = || ApiError::NotFound { item: cluster_id.to_string() };
        let listed = view.list.get(cluster_id).ok_or_else(not_found)?;
        let position = view.snapshot.position(cluster_id);
        let mut hits = HitsByRisk::default();
        for (content, hit) in view.enabled_hits() {
            if Some(hit) == position {
                hits.add(total_risk(content));
            }
        }
        Ok(self.row(&view, listed, position, hits).summary())
    }

    /// Returns the state of a cluster of the organisation.
    pub async fn cluster(&self, caller: &Caller, cluster_id: ClusterId) -> Result<ClusterInfo, ApiError> {
        let stored = self.database.report_info(caller.org_id, cluster_id).await?;
        let is_stale = stored.as_ref().is_some_and(|stored| self.directory.is_stale(stored.last_checked_at));
        let known = if stored.is_some() {
            let facts = self.facts(caller.org_id).await?;
            let reported_name = self.database.reported_name(caller.org_id, cluster_id).await?;
            let reported_name = reported_name.as_deref();
            Some(self.directory.describe(caller.org_id, cluster_id, &facts, reported_name).await)
        } else {
            // A cluster that has not sent a report may be known all the same.
            self.directory.find(caller.org_id, cluster_id).await
        };
        let known = known.ok_or_else(|| ApiError::NotFound { item: cluster_id.to_string() })?;
        let status = if known.status.is_empty() { status(is_stale).into() } else { known.status };
        Ok(ClusterInfo { cluster_id, display_name: known.display_name, managed: known.managed, status })
    }

    /// Iterates over the clusters of the list, sorted by id.
    pub(super) fn rows<'a>(&'a self, view: &'a View) -> impl Iterator<Item = Row<'a>> {
        let mut hits = vec![HitsByRisk::default(); view.snapshot.clusters().len()];
        for (content, position) in view.enabled_hits() {
            hits[position].add(total_risk(content));
        }
        view.list.clusters.iter().map(move |listed| {
            let position = view.snapshot.position(listed.id);
            let hits = position.map(|position| hits[position]).unwrap_or_default();
            self.row(view, listed, position, hits)
        })
    }

    fn row<'a>(
        &self,
        view: &'a View,
        listed: &'a ListedCluster,
        position: Option<usize>,
        hits: HitsByRisk,
    ) -> Row<'a> {
        let stored = position.map(|position| &view.snapshot.clusters()[position]);
        let is_stale = self.directory.is_stale(stored.and_then(|stored| stored.last_checked_at));
        Row { listed, stored, hits, is_stale }
    }
}

impl Row<'_> {
    pub(super) fn version(&self) -> &str {
        self.stored.map_or("", |stored| &stored.version)
    }

    pub(super) fn summary(&self) -> ClusterSummary {
        ClusterSummary {
            cluster_id: self.listed.id,
            cluster_name: self.listed.display_name.clone(),
            managed: self.listed.managed,
            last_checked_at: self.stored.and_then(|stored| stored.last_checked_at),
            total_hit_count: self.hits.total(),
            hits_by_total_risk: self.hits,
            cluster_version: Some(self.version().to_owned()).filter(|version| !version.is_empty()),
            stale: self.is_stale,
        }
    }
}

impl View {
    /// Iterates over the enabled hits that have texts: the texts, and the position of the cluster in the snapshot.
    pub(super) fn enabled_hits(&self) -> impl Iterator<Item = (&Content, usize)> {
        let shown = self.shown_clusters();
        let rules = self.snapshot.reports.rules().filter(|rule| !self.snapshot.is_acknowledged(rule));
        let with_texts = rules.filter_map(|rule| Some((rule, self.texts.get(rule)?)));
        with_texts.flat_map(move |(rule, content)| {
            let is_for_managed = is_for_managed_clusters(content);
            let shown = shown.clone();
            let positions = self.snapshot.enabled_hits(rule).into_iter().flatten();
            positions
                .filter(move |position| shown[*position].shows(is_for_managed))
                .map(move |at| (content, at))
        })
    }

    /// Returns, for each cluster of the snapshot, which rules are shown for it.
    pub(super) fn shown_clusters(&self) -> Arc<[Shown]> {
        let shown = |cluster: &SnapshotCluster| match self.list.get(cluster.id) {
            None => Shown::None,
            Some(listed) if listed.managed => Shown::ForManaged,
            Some(_) => Shown::All,
        };
        self.snapshot.clusters().iter().map(shown).collect()
    }
}

/// The rules that are shown for a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// None: the cluster is not listed.
    None,
    /// Recommendations for clusters that the vendor manages.
    ForManaged,
    /// All.
    All,
}

impl Shown {
    pub(super) fn shows(self, is_for_managed: bool) -> bool {
        self == Self::All || (self == Self::ForManaged && is_for_managed)
    }
}
