//! The sums over an organisation.

use std::collections::HashSet;

use ccx_auth::Caller;
use ccx_messages::ClusterId;

use super::PublicApi;
use crate::{error::ApiError, model::Overview, texts::total_risk};

impl PublicApi {
    /// Sums up the enabled hits of the organisation, or of those of its clusters that are in `clusters`.
    pub async fn overview(
        &self,
        caller: &Caller,
        clusters: Option<&[ClusterId]>,
    ) -> Result<Overview, ApiError> {
        if let Some(clusters) = clusters {
            self.require_own_clusters(caller, clusters).await?;
        }
        let view = self.view(caller).await?;
        let asked: Option<HashSet<ClusterId>> = clusters.map(|clusters| clusters.iter().copied().collect());
        let mut overview = Overview::default();
        let mut hit = HashSet::new();
        for (content, position) in view.enabled_hits() {
            let id = view.snapshot.clusters()[position].id;
            if asked.as_ref().is_some_and(|asked| !asked.contains(&id)) {
                continue;
            }
            hit.insert(position);
            overview.hit_by_risk.add(total_risk(content));
            for tag in &content.tags {
                *overview.hit_by_tag.entry(tag.clone()).or_default() += 1;
            }
        }
        overview.clusters_hit = u32::try_from(hit.len()).unwrap_or(u32::MAX);
        Ok(overview)
    }

    /// Returns those of `clusters` that the organisation has.
    pub(crate) async fn own_clusters(
        &self,
        caller: &Caller,
        clusters: &[ClusterId],
    ) -> Result<Vec<ClusterId>, ApiError> {
        let snapshot = self.snapshot(caller.org_id).await?;
        Ok(clusters.iter().copied().filter(|cluster| snapshot.position(*cluster).is_some()).collect())
    }

    /// Fails if any of `clusters` belongs to another organisation.
    pub(crate) async fn require_own_clusters(
        &self,
        caller: &Caller,
        clusters: &[ClusterId],
    ) -> Result<(), ApiError> {
        let has_foreign = self.database.has_cluster_of_other_organization(caller.org_id, clusters).await?;
        if has_foreign { Err(ApiError::ForeignCluster) } else { Ok(()) }
    }
}
