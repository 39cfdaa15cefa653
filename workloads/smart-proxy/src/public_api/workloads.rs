//! Recommendations for the workloads of namespaces.

use std::collections::BTreeMap;

use ccx_auth::Caller;
use ccx_messages::{ClusterId, RuleSelector};
use ccx_storage::read::{self, Namespace};

use super::PublicApi;
use crate::{
    directory::ClusterList,
    error::ApiError,
    model::{
        ExtraData, HitsByRisk, NamespaceRef, NamespaceSummary, WorkloadCluster, WorkloadMeta, WorkloadObject,
        WorkloadRecommendation, WorkloadReport,
    },
    snapshot::selector,
    texts::{Texts, publish_date, render, total_risk},
};

/// The severity of a recommendation without texts. Clients know 1 to 4.
const UNKNOWN_RISK: u8 = 1;

impl PublicApi {
    /// Lists the namespaces with recommendations for their workloads.
    pub async fn workloads(&self, caller: &Caller) -> Result<Vec<NamespaceSummary>, ApiError> {
        let (stored, snapshot) =
            tokio::join!(self.database.namespaces(caller.org_id, None), self.snapshot(caller.org_id));
        let list = self.directory.list(caller.org_id, &snapshot?).await;
        let texts = self.texts(caller);
        Ok(stored?.into_iter().map(|namespace| summary(namespace, &list, &texts)).collect())
    }

    /// Returns the recommendations for the workloads of a namespace.
    pub async fn workload(
        &self,
        caller: &Caller,
        cluster_id: ClusterId,
        namespace_uid: &str,
    ) -> Result<WorkloadReport, ApiError> {
        let stored = self.database.namespace(caller.org_id, cluster_id, namespace_uid).await?;
        let item = || format!("{}/{cluster_id}/{namespace_uid}", caller.org_id);
        let stored = stored.ok_or_else(|| ApiError::NotFound { item: item() })?;
        let facts = self.facts(caller.org_id).await?;
        let reported_name = self.database.reported_name(caller.org_id, cluster_id).await?;
        let reported_name = reported_name.as_deref();
        let known = self.directory.describe(caller.org_id, cluster_id, &facts, reported_name).await;
        let texts = self.texts(caller);
        let found = stored.recommendations().into_iter();
        let recommendations: Vec<WorkloadRecommendation> =
            found.filter_map(|found| recommendation(found, &texts)).collect();
        let mut hits = HitsByRisk::default();
        for recommendation in &recommendations {
            hits.add(recommendation.total_risk);
        }
        let (namespace, metadata) = describe(stored.namespace, hits);
        let cluster = WorkloadCluster { uuid: cluster_id.to_string(), display_name: known.display_name };
        Ok(WorkloadReport { cluster, namespace, metadata, recommendations })
    }
}

fn summary(stored: Namespace, list: &ClusterList, texts: &Texts) -> NamespaceSummary {
    let by_rule: BTreeMap<String, i64> = serde_json::from_str(&stored.hit_counts).unwrap_or_default();
    let mut hits = HitsByRisk::default();
    for (rule, count) in by_rule {
        let content =
            rule.parse::<RuleSelector>().ok().and_then(|selector| texts.get(&selector).map(total_risk));
        hits.add_all(content.unwrap_or(UNKNOWN_RISK), u32::try_from(count).unwrap_or_default());
    }
    let listed = stored.cluster_id.parse().ok().and_then(|id| list.get(id));
    let display_name = listed.map_or_else(|| stored.cluster_id.clone(), |listed| listed.display_name.clone());
    let cluster = WorkloadCluster { uuid: stored.cluster_id.clone(), display_name };
    let (namespace, metadata) = describe(stored, hits);
    NamespaceSummary { cluster, namespace, metadata }
}

fn describe(stored: Namespace, hits: HitsByRisk) -> (NamespaceRef, WorkloadMeta) {
    let metadata = WorkloadMeta {
        recommendations: stored.recommendations,
        objects: stored.objects,
        reported_at: stored.reported_at,
        last_checked_at: stored.last_checked_at,
        highest_severity: hits.highest(),
        hits_by_severity: hits,
    };
    let uuid = stored.namespace_id;
    let name = if stored.namespace_name.is_empty() { uuid.clone() } else { stored.namespace_name };
    (NamespaceRef { uuid, name }, metadata)
}

/// Joins a recommendation with its texts, rendered. One without texts is shown by its id; `None` when that is invalid.
fn recommendation(stored: read::WorkloadRecommendation, texts: &Texts) -> Option<WorkloadRecommendation> {
    let selector = selector(&stored.rule, &stored.error_key)?;
    let content = texts.get(&selector);
    let details = stored.details.get();
    let (extra_data, _) = ExtraData::from_stored(details, selector.error_key.as_str());
    let data = serde_json::from_str(details).unwrap_or_default();
    let text = |of: fn(&ccx_content::Texts) -> &ccx_content::Text| {
        content.map(|content| render(of(&content.texts), &data)).unwrap_or_default()
    };
    let object = |read::Workload { kind, uid, name }| WorkloadObject { kind, uid, display_name: name };
    Some(WorkloadRecommendation {
        check: content.map_or_else(|| selector.to_string(), |content| render(&content.description, &data)),
        details: text(|texts| &texts.generic),
        resolution: text(|texts| &texts.resolution),
        modified: content.and_then(publish_date),
        reason: text(|texts| &texts.reason),
        more_info: text(|texts| &texts.more_info),
        total_risk: content.map_or(UNKNOWN_RISK, total_risk),
        extra_data,
        objects: stored.workloads.into_iter().map(object).collect(),
    })
}
