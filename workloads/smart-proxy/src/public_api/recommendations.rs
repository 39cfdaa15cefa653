//! Rules, and the clusters that they hit.

use std::collections::HashMap;

use ccx_auth::Caller;
use ccx_content::Content;
use ccx_messages::{RuleFqdn, RuleSelector};

use super::PublicApi;
use crate::{
    directory::ClusterList,
    error::ApiError,
    model::{
        ClusterVersion, DisabledCluster, ImpactedCluster, ImpactedClusters, RecommendationDetails,
        RecommendationSummary,
    },
    snapshot::{Snapshot, SnapshotHits},
    texts::{Texts, Visible, is_for_managed_clusters, publish_date, total_risk},
};

impl PublicApi {
    /// Lists the rules with the number of clusters that each hits.
    ///
    /// `impacting` limits the list to rules that hit a cluster, or that do not.
    pub async fn recommendations(
        &self,
        caller: &Caller,
        impacting: Option<bool>,
    ) -> Result<Vec<RecommendationSummary>, ApiError> {
        let snapshot = self.snapshot(caller.org_id).await?;
        let list = self.directory.list(caller.org_id, &snapshot).await;
        let texts = self.texts(caller);
        let hits: HashMap<&RuleSelector, &SnapshotHits> =
            snapshot.hits.iter().map(|hits| (&hits.selector, hits)).collect();
        let mut recommendations = Vec::new();
        for content in texts.all() {
            let hits = hits.get(&content.selector).copied();
            let is_impacting = hits.is_some();
            if impacting.is_none_or(|asked| asked == is_impacting) {
                let count = hits.map_or(0, |hits| impacted_clusters(&snapshot, hits, &list, content));
                recommendations.push(summary(content, &snapshot, count));
            }
        }
        Ok(recommendations)
    }

    /// Returns a rule with its texts, and the organisation's opinion.
    pub async fn recommendation(
        &self,
        caller: &Caller,
        rule: &RuleSelector,
    ) -> Result<RecommendationDetails, ApiError> {
        let texts = self.texts(caller);
        let content = find(&texts, rule)?;
        let component = component(rule);
        let (rating, acknowledgement, disabled) = tokio::try_join!(
            self.database.rating(caller.org_id, rule),
            self.database.acknowledgement(caller.org_id, &rule.rule, &rule.error_key),
            self.database.clusters_with_disabled_rule(caller.org_id, &component, &rule.error_key),
        )?;
        Ok(RecommendationDetails {
            rating: rating.unwrap_or_default(),
            hosts_acked_count: disabled.len(),
            disabled: acknowledgement.is_some(),
            ..details(content)
        })
    }

    /// Returns a rule with its texts.
    pub fn recommendation_content(
        &self,
        caller: &Caller,
        rule: &RuleSelector,
    ) -> Result<RecommendationDetails, ApiError> {
        Ok(details(find(&self.texts(caller), rule)?))
    }

    /// Lists the clusters that a rule hits.
    pub async fn clusters_detail(
        &self,
        caller: &Caller,
        rule: &RuleSelector,
    ) -> Result<ImpactedClusters, ApiError> {
        let texts = self.texts(caller);
        let content = find(&texts, rule)?;
        let component = component(rule);
        let (snapshot, hit, disabled) = tokio::join!(
            self.snapshot(caller.org_id),
            self.database.clusters_of_rule(caller.org_id, rule, None),
            self.database.clusters_with_disabled_rule(caller.org_id, &component, &rule.error_key),
        );
        let list = self.directory.list(caller.org_id, &*snapshot?).await;
        let (hit, disabled) = (hit?, disabled?);
        let disabled: Vec<DisabledCluster> = disabled
            .into_iter()
            .filter_map(|stored| {
                let listed = list.get(stored.cluster_id.parse().ok()?)?;
                Some(DisabledCluster {
                    cluster_id: listed.id,
                    cluster_name: listed.display_name.clone(),
                    disabled_at: stored.disabled_at,
                    justification: stored.justification,
                })
            })
            .collect();
        let is_for_managed = is_for_managed_clusters(content);
        let enabled = hit.into_iter().filter_map(|stored| {
            let listed = list.get(stored.cluster_id.parse().ok()?)?;
            let is_shown = (is_for_managed || !listed.managed)
                && !disabled.iter().any(|disabled| disabled.cluster_id == listed.id);
            is_shown.then(|| ImpactedCluster {
                cluster: listed.id,
                cluster_name: listed.display_name.clone(),
                last_checked_at: stored.created_at,
                impacted: stored.impacted_since,
                meta: ClusterVersion { cluster_version: stored.version },
            })
        });
        Ok(ImpactedClusters { enabled: enabled.collect(), disabled })
    }
}

/// Returns the texts of a rule.
pub(super) fn find<'a>(texts: &'a Texts, rule: &RuleSelector) -> Result<&'a Content, ApiError> {
    match texts.find(rule) {
        Visible::Texts(content) => Ok(content),
        Visible::NoTexts => Err(ApiError::NotFound { item: rule.to_string() }),
        Visible::Hidden => Err(ApiError::InternalRule),
    }
}

/// Returns the name of a rule in the tables of clusters: with `.report` at its end.
pub(super) fn component(rule: &RuleSelector) -> RuleFqdn {
    rule.rule.component().parse().expect("a rule with a suffix of letters is a rule")
}

fn impacted_clusters(snapshot: &Snapshot, hits: &SnapshotHits, list: &ClusterList, content: &Content) -> u32 {
    let is_for_managed = is_for_managed_clusters(content);
    let clusters = snapshot
        .enabled_hits(hits)
        .filter(|(_, cluster)| list.get(cluster.id).is_some_and(|listed| is_for_managed || !listed.managed));
    u32::try_from(clusters.count()).unwrap_or(u32::MAX)
}

fn summary(content: &Content, snapshot: &Snapshot, impacted_clusters_count: u32) -> RecommendationSummary {
    RecommendationSummary {
        rule_id: content.selector.to_string(),
        description: content.description.source().to_owned(),
        generic: content.texts.generic.source().to_owned(),
        publish_date: publish_date(content),
        total_risk: total_risk(content),
        resolution_risk: content.resolution_risk.level,
        impact: content.impact.level,
        likelihood: content.likelihood,
        tags: content.tags.clone(),
        disabled: snapshot.is_acknowledged(&content.selector),
        impacted_clusters_count,
    }
}

fn details(content: &Content) -> RecommendationDetails {
    RecommendationDetails {
        rule_id: content.selector.to_string(),
        description: content.description.source().to_owned(),
        generic: content.texts.generic.source().to_owned(),
        reason: content.texts.reason.source().to_owned(),
        resolution: content.texts.resolution.source().to_owned(),
        more_info: content.texts.more_info.source().to_owned(),
        total_risk: total_risk(content),
        resolution_risk: content.resolution_risk.level,
        impact: content.impact.level,
        likelihood: content.likelihood,
        publish_date: publish_date(content),
        rating: 0,
        hosts_acked_count: 0,
        tags: content.tags.clone(),
        disabled: false,
    }
}
