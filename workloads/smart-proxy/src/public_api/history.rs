//! The rules that hit a cluster for a time, and no longer do.

use ccx_auth::Caller;
use ccx_messages::ClusterId;
use ccx_storage::StoredPastRecommendation;

use super::{PublicApi, reports::not_found};
use crate::{
    error::ApiError,
    model::PastRecommendation,
    snapshot::selector,
    texts::{Texts, is_for_managed_clusters, total_risk},
};

/// The limit of an answer: a rule that appears and vanishes with every report fills it in a week.
const MAX_PAST: u32 = 100;

impl PublicApi {
    /// Lists the rules that no longer hit a cluster and have texts, the one that vanished last first.
    pub async fn cluster_history(
        &self,
        caller: &Caller,
        cluster_id: ClusterId,
    ) -> Result<Vec<PastRecommendation>, ApiError> {
        let (stored, report, facts) = tokio::try_join!(
            async {
                Ok::<_, ApiError>(
                    self.database.past_recommendations(caller.org_id, cluster_id, MAX_PAST).await?,
                )
            },
            async { Ok::<_, ApiError>(self.database.report_info(caller.org_id, cluster_id).await?) },
            self.facts(caller.org_id),
        )?;
        report.ok_or_else(|| not_found(caller, cluster_id))?;
        let is_managed = self.directory.describe(caller.org_id, cluster_id, &facts, None).await.managed;
        let texts = self.texts(caller);
        Ok(stored.into_iter().filter_map(|stored| past_recommendation(&stored, &texts, is_managed)).collect())
    }
}

/// Joins a row with its texts; `None` if the caller may not see the rule, or it is not shown for the cluster.
fn past_recommendation(
    stored: &StoredPastRecommendation,
    texts: &Texts,
    is_managed: bool,
) -> Option<PastRecommendation> {
    let content = texts.get(&selector(&stored.rule_fqdn, &stored.error_key)?)?;
    let is_shown = !is_managed || is_for_managed_clusters(content);
    is_shown.then(|| PastRecommendation {
        rule_id: content.selector.to_string(),
        description: content.description.source().to_owned(),
        total_risk: total_risk(content),
        appeared_at: stored.appeared_at,
        vanished_at: stored.vanished_at,
    })
}
