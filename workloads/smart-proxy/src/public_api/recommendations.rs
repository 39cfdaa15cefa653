//! Rules, and the clusters that they hit.

use std::collections::HashSet;

use ccx_auth::Caller;
use ccx_content::Content;
use ccx_messages::{RuleFqdn, RuleSelector};
use ccx_storage::feedback;

use super::{PublicApi, View};
use crate::{
    error::ApiError,
    model::{
        ClusterVersion, DisabledCluster, ImpactedCluster, ImpactedClusters, RecommendationDetails,
        RecommendationSummary,
    },
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
        let view = self.view(caller).await?;
        let shown = view.shown_clusters();
        let mut recommendations = Vec::new();
        for content in view.texts.all() {
            let hits = view.snapshot.enabled_hits(&content.selector);
            if impacting.is_none_or(|asked| asked == hits.is_some()) {
                let is_for_managed = is_for_managed_clusters(content);
                let impacted =
                    hits.into_iter().flatten().filter(|position| shown[*position].shows(is_for_managed));
                let count = u32::try_from(impacted.count()).unwrap_or(u32::MAX);
                recommendations.push(summary(content, &view, count));
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
        let (snapshot, hit, disabled, authors) = tokio::join!(
            self.snapshot(caller.org_id),
            self.database.clusters_of_rule(caller.org_id, rule, None),
            self.database.clusters_with_disabled_rule(caller.org_id, &component, &rule.error_key),
            self.database.disabled_by_of_organization(caller.org_id),
        );
        let list = self.directory.list(caller.org_id, &snapshot?).await;
        let (hit, disabled, authors) = (hit?, disabled?, authors?);
        let disabled: Vec<DisabledCluster> = disabled
            .into_iter()
            .filter_map(|stored| {
                let listed = list.get(stored.cluster_id.parse().ok()?)?;
                Some(DisabledCluster {
                    cluster_id: listed.id,
                    cluster_name: listed.display_name.clone(),
                    disabled_by: disabled_by(&stored, rule, &authors),
                    disabled_at: stored.disabled_at,
                    justification: stored.justification,
                })
            })
            .collect();
        let excluded: HashSet<_> = disabled.iter().map(|disabled| disabled.cluster_id).collect();
        let is_for_managed = is_for_managed_clusters(content);
        let enabled = hit.into_iter().filter_map(|stored| {
            let listed = list.get(stored.cluster_id.parse().ok()?)?;
            let is_shown = (is_for_managed || !listed.managed) && !excluded.contains(&listed.id);
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

/// Returns who has disabled a rule for a cluster: the user who did it here, or the one who gave the latest reason.
fn disabled_by(
    stored: &feedback::DisabledCluster,
    rule: &RuleSelector,
    authors: &[feedback::DisabledBy],
) -> String {
    let is_author = |author: &&feedback::DisabledBy| {
        author.cluster_id == stored.cluster_id
            && author.rule_id == rule.rule.as_str()
            && author.error_key == rule.error_key.as_str()
            && Some(author.disabled_at) == stored.disabled_at
    };
    let author = authors.iter().find(is_author).map(|author| &author.disabled_by);
    author.unwrap_or(&stored.justified_by).clone()
}

fn summary(content: &Content, view: &View, impacted_clusters_count: u32) -> RecommendationSummary {
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
        disabled: view.snapshot.is_acknowledged(&content.selector),
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
