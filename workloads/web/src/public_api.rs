//! The public API as the source of the page.

use ccx_auth::Caller;
use ccx_http::ResponseError as _;
use ccx_messages::{ClusterId, RuleFqdn, RuleSelector};
use ccx_smart_proxy::{ApiError, ClusterFinding, HitsByRisk, PublicApi, ReportOptions, Vote};
use futures::FutureExt as _;

use crate::{
    model::{
        AffectedCluster, ClusterOrder, ClusterPage, ClusterReport, ClusterRow, ClusterSelection,
        ClusterTotals, Disabled, ExcludedCluster, Hit, NamespaceKey, PastRecommendation, Recommendation,
        RecommendationDetails, Risk, RiskCounts, WorkloadCheck, WorkloadObject, WorkloadReport, WorkloadRow,
    },
    source::{Answer, Change, Source, SourceError},
};

/// A report with rendered texts, disabled recommendations included.
const REPORT: ReportOptions = ReportOptions {
    include_disabled: true,
    rendered: true,
    escaping: ccx_config::Escaping::None,
    for_managed: false,
};

impl Source for PublicApi {
    fn clusters<'a>(
        &'a self,
        caller: &'a Caller,
        selection: &'a ClusterSelection,
    ) -> Answer<'a, ClusterPage> {
        async move { Ok(cluster_page(self.clusters_page(caller, &api_selection(selection)).await?)) }.boxed()
    }

    fn cluster_row<'a>(&'a self, caller: &'a Caller, cluster: ClusterId) -> Answer<'a, ClusterRow> {
        async move { Ok(cluster_row(self.cluster_summary(caller, cluster).await?)) }.boxed()
    }

    fn cluster<'a>(&'a self, caller: &'a Caller, cluster: ClusterId) -> Answer<'a, ClusterReport> {
        async move {
            let (report, listed, past) = tokio::join!(
                self.cluster_report(caller, cluster, REPORT),
                self.cluster_summary(caller, cluster),
                self.cluster_history(caller, cluster)
            );
            let listed = listed.ok().map(cluster_row);
            match (report, listed) {
                (Ok(report), listed) => Ok(cluster_report(cluster, report, listed, past?)),
                // A cluster that is known, but has not sent a report.
                (Err(error), Some(listed)) if error.status().as_u16() == 404 => Ok(ClusterReport {
                    id: cluster,
                    name: listed.name,
                    version: listed.version,
                    last_checked_at: None,
                    gathered_at: None,
                    hits: Vec::new(),
                    past: Vec::new(),
                }),
                (Err(error), _) => Err(error.into()),
            }
        }
        .boxed()
    }

    fn recommendations<'a>(&'a self, caller: &'a Caller) -> Answer<'a, Vec<Recommendation>> {
        async move {
            let all = Self::recommendations(self, caller, None).await?;
            Ok(all.into_iter().filter_map(recommendation).collect())
        }
        .boxed()
    }

    fn recommendation<'a>(
        &'a self,
        caller: &'a Caller,
        rule: &'a RuleSelector,
    ) -> Answer<'a, RecommendationDetails> {
        async move {
            let details = Self::recommendation(self, caller, rule).await?;
            let clusters = self.clusters_detail(caller, rule).await?;
            let disabled = if details.disabled {
                self.acknowledgement(caller, rule).await.ok().map(|acknowledgement| Disabled {
                    by: known_text(acknowledgement.created_by),
                    at: Some(acknowledgement.updated_at.unwrap_or(acknowledgement.created_at)),
                    reason: acknowledgement.justification,
                })
            } else {
                None
            };
            Ok(recommendation_details(rule.clone(), details, disabled, clusters))
        }
        .boxed()
    }

    fn workloads<'a>(&'a self, caller: &'a Caller) -> Answer<'a, Vec<WorkloadRow>> {
        async move {
            let all = Self::workloads(self, caller).await?;
            let row = |summary: ccx_smart_proxy::NamespaceSummary| {
                workload_row(&summary.cluster, summary.namespace, &summary.metadata)
            };
            Ok(all.into_iter().filter_map(row).collect())
        }
        .boxed()
    }

    fn workload<'a>(&'a self, caller: &'a Caller, key: &'a NamespaceKey) -> Answer<'a, WorkloadReport> {
        async move {
            let report = Self::workload(self, caller, key.cluster, &key.namespace).await?;
            let row = workload_row(&report.cluster, report.namespace, &report.metadata);
            let checks = report.recommendations.into_iter().map(workload_check).collect();
            row.map(|row| WorkloadReport { row, checks }).ok_or(SourceError::NotFound)
        }
        .boxed()
    }

    fn apply<'a>(&'a self, caller: &'a Caller, change: &'a Change) -> Answer<'a, ()> {
        async move {
            match change {
                Change::Disable { rule, cluster: Some(cluster), reason } => {
                    let finding = finding(rule, *cluster);
                    self.disable(caller, &finding).await?;
                    self.disable_feedback(caller, &finding, reason).await?;
                }
                Change::Disable { rule, cluster: None, reason } => {
                    self.acknowledge(caller, rule, reason).await?;
                }
                Change::Enable { rule, cluster: Some(cluster) } => {
                    self.enable(caller, &finding(rule, *cluster)).await?;
                }
                Change::Enable { rule, cluster: None } => self.unacknowledge(caller, rule).await?,
                Change::Name { cluster, name } => self.set_cluster_name(caller, *cluster, name).await?,
                Change::Vote { rule, cluster, vote } => {
                    let vote = Vote::from_number((*vote).into()).unwrap_or(Vote::None);
                    match cluster {
                        Some(cluster) => self.vote(caller, &finding(rule, *cluster), vote).await?,
                        None => self.rate(caller, rule, vote).await?,
                    }
                }
            }
            Ok(())
        }
        .boxed()
    }
}

impl From<ApiError> for SourceError {
    fn from(error: ApiError) -> Self {
        match error.status().as_u16() {
            403 => Self::Forbidden,
            400..=499 => Self::NotFound,
            _ => {
                tracing::warn!(error = %ccx_service::error_chain(&error), "the page can't read its data");
                Self::Unavailable
            }
        }
    }
}

fn finding(rule: &RuleSelector, cluster_id: ClusterId) -> ClusterFinding {
    ClusterFinding { cluster_id, rule: rule.rule.clone(), error_key: rule.error_key.clone() }
}

fn counts(hits: &HitsByRisk) -> RiskCounts {
    let mut counts = RiskCounts::default();
    for risk in Risk::ALL {
        counts.add(risk, hits.get(risk.number()));
    }
    counts
}

/// Returns a text; an empty one stands for an unknown one.
fn known_text(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// Returns a severity; 0 stands for an unknown one.
fn known(number: u8) -> Option<Risk> {
    Some(Risk::from_number(number.into())).filter(|_| number > 0)
}

fn api_selection(selection: &ClusterSelection) -> ccx_smart_proxy::ClusterSelection {
    use ccx_smart_proxy::ClusterOrder as Order;
    ccx_smart_proxy::ClusterSelection {
        text: selection.text.clone(),
        risks: selection.risks.iter().map(|risk| risk.number()).collect(),
        versions: selection.versions.clone(),
        stale: selection.stale,
        order: match selection.order {
            ClusterOrder::Name => Order::Name,
            ClusterOrder::Version => Order::Version,
            ClusterOrder::Total => Order::HitCount,
            ClusterOrder::Severity => Order::Severity,
            ClusterOrder::Risk(risk) => Order::Risk(risk.number()),
            ClusterOrder::LastCheckedAt => Order::LastCheckedAt,
        },
        is_descending: selection.is_descending,
        offset: selection.offset,
        limit: Some(selection.limit),
    }
}

fn cluster_page(page: ccx_smart_proxy::ClusterPage) -> ClusterPage {
    let ccx_smart_proxy::ClusterTotals { clusters, affected, hits, versions } = page.totals;
    ClusterPage {
        rows: page.clusters.into_iter().map(cluster_row).collect(),
        count: page.count,
        totals: ClusterTotals { clusters, affected, hits: counts(&hits), versions },
    }
}

fn cluster_row(cluster: ccx_smart_proxy::ClusterSummary) -> ClusterRow {
    ClusterRow {
        id: cluster.cluster_id,
        name: cluster.cluster_name,
        version: cluster.cluster_version.unwrap_or_default(),
        last_checked_at: cluster.last_checked_at,
        hits: counts(&cluster.hits_by_total_risk),
    }
}

fn cluster_report(
    id: ClusterId,
    report: ccx_smart_proxy::Report,
    listed: Option<ClusterRow>,
    past: Vec<ccx_smart_proxy::PastRecommendation>,
) -> ClusterReport {
    ClusterReport {
        id,
        name: report.meta.cluster_name,
        version: listed.map(|listed| listed.version).unwrap_or_default(),
        last_checked_at: report.meta.last_checked_at,
        gathered_at: report.meta.gathered_at,
        hits: report.data.into_iter().filter_map(hit).collect(),
        past: past.into_iter().filter_map(past_recommendation).collect(),
    }
}

fn hit(hit: ccx_smart_proxy::RuleHit) -> Option<Hit> {
    let rule = RuleSelector {
        rule: RuleFqdn::from_component(&hit.rule_id).ok()?,
        error_key: hit.extra_data.error_key().parse().ok()?,
    };
    Some(Hit {
        disabled: hit.disabled.then_some(Disabled {
            reason: hit.disable_feedback,
            by: known_text(hit.disabled_by),
            at: hit.disabled_at,
        }),
        evidence: serde_json::to_value(&hit.extra_data).unwrap_or_default(),
        rule,
        description: hit.description,
        reason: hit.reason,
        resolution: hit.resolution,
        more_info: hit.more_info,
        risk: Risk::from_number(hit.total_risk.into()),
        resolution_risk: None,
        tags: hit.tags,
        impacted_since: hit.impacted,
        vote: i8::try_from(hit.user_vote).unwrap_or_default(),
    })
}

fn past_recommendation(past: ccx_smart_proxy::PastRecommendation) -> Option<PastRecommendation> {
    Some(PastRecommendation {
        rule: past.rule_id.parse().ok()?,
        description: past.description,
        risk: Risk::from_number(past.total_risk.into()),
        appeared_at: past.appeared_at,
        vanished_at: past.vanished_at,
    })
}

fn recommendation(summary: ccx_smart_proxy::RecommendationSummary) -> Option<Recommendation> {
    Some(Recommendation {
        rule: summary.rule_id.parse().ok()?,
        description: summary.description,
        generic: summary.generic,
        risk: Risk::from_number(summary.total_risk.into()),
        impact: known(summary.impact),
        likelihood: known(summary.likelihood),
        resolution_risk: known(summary.resolution_risk),
        tags: summary.tags,
        published_at: summary.publish_date,
        is_disabled: summary.disabled,
        clusters: summary.impacted_clusters_count,
    })
}

fn recommendation_details(
    rule: RuleSelector,
    details: ccx_smart_proxy::RecommendationDetails,
    disabled: Option<Disabled>,
    clusters: ccx_smart_proxy::ImpactedClusters,
) -> RecommendationDetails {
    RecommendationDetails {
        recommendation: Recommendation {
            rule,
            description: details.description,
            generic: details.generic,
            risk: Risk::from_number(details.total_risk.into()),
            impact: known(details.impact),
            likelihood: known(details.likelihood),
            resolution_risk: known(details.resolution_risk),
            tags: details.tags,
            published_at: details.publish_date,
            is_disabled: details.disabled,
            clusters: u32::try_from(clusters.enabled.len()).unwrap_or(u32::MAX),
        },
        disabled,
        vote: i8::try_from(details.rating).unwrap_or_default(),
        affected: clusters.enabled.into_iter().map(affected).collect(),
        excluded: clusters.disabled.into_iter().map(excluded).collect(),
    }
}

fn affected(cluster: ccx_smart_proxy::ImpactedCluster) -> AffectedCluster {
    AffectedCluster {
        id: cluster.cluster,
        name: cluster.cluster_name,
        version: cluster.meta.cluster_version,
        last_checked_at: cluster.last_checked_at,
        impacted_since: cluster.impacted,
    }
}

fn excluded(cluster: ccx_smart_proxy::DisabledCluster) -> ExcludedCluster {
    let disabled = Disabled {
        reason: cluster.justification,
        by: known_text(cluster.disabled_by),
        at: cluster.disabled_at,
    };
    ExcludedCluster { id: cluster.cluster_id, name: cluster.cluster_name, disabled }
}

fn workload_row(
    cluster: &ccx_smart_proxy::WorkloadCluster,
    namespace: ccx_smart_proxy::NamespaceRef,
    meta: &ccx_smart_proxy::WorkloadMeta,
) -> Option<WorkloadRow> {
    Some(WorkloadRow {
        key: NamespaceKey { cluster: cluster.uuid.parse().ok()?, namespace: namespace.uuid },
        cluster_name: cluster.display_name.clone(),
        namespace_name: namespace.name,
        recommendations: u32::try_from(meta.recommendations).unwrap_or_default(),
        objects: u32::try_from(meta.objects).unwrap_or_default(),
        last_checked_at: meta.last_checked_at,
        hits: counts(&meta.hits_by_severity),
    })
}

fn workload_check(found: ccx_smart_proxy::WorkloadRecommendation) -> WorkloadCheck {
    let object = |object: ccx_smart_proxy::WorkloadObject| WorkloadObject {
        kind: object.kind,
        name: object.display_name,
        uid: object.uid,
    };
    WorkloadCheck {
        check: found.extra_data.error_key(),
        description: found.check,
        reason: if found.reason.is_empty() { found.details } else { found.reason },
        resolution: found.resolution,
        more_info: found.more_info,
        risk: Risk::from_number(found.total_risk.into()),
        objects: found.objects.into_iter().map(object).collect(),
    }
}
