//! The data of a view, as the page needs it.

mod category;
mod cluster_list;
mod risk;

use ccx_messages::{ClusterId, RuleSelector};
use chrono::{DateTime, Utc};
use serde_json::Value as Json;

pub use category::Category;
pub use cluster_list::{ClusterOrder, ClusterPage, ClusterSelection, ClusterTotals};
pub use risk::{Risk, RiskCounts};

/// A cluster in the list.
#[derive(Clone, Debug)]
pub struct ClusterRow {
    /// Its id.
    pub id: ClusterId,
    /// Its display name; the id if it has none.
    pub name: String,
    /// Its OpenShift version; empty if unknown.
    pub version: String,
    /// The time of the newest report; `None` before the first one.
    pub last_checked_at: Option<DateTime<Utc>>,
    /// Its recommendations by total risk.
    pub hits: RiskCounts,
}

/// A cluster with its newest report.
#[derive(Clone, Debug)]
pub struct ClusterReport {
    /// Its id.
    pub id: ClusterId,
    /// Its display name; the id if it has none.
    pub name: String,
    /// Its OpenShift version; empty if unknown.
    pub version: String,
    /// The time of the newest report; `None` before the first one.
    pub last_checked_at: Option<DateTime<Utc>>,
    /// When the newest report's data was gathered, if known.
    pub gathered_at: Option<DateTime<Utc>>,
    /// Its recommendations, disabled ones included.
    pub hits: Vec<Hit>,
    /// Recommendations that no longer apply to it, the one that vanished last first.
    pub past: Vec<PastRecommendation>,
}

/// A recommendation for one cluster.
#[derive(Clone, Debug)]
pub struct Hit {
    /// The rule and its error key.
    pub rule: RuleSelector,
    /// The headline.
    pub description: String,
    /// The finding in this cluster, and why it matters: Markdown.
    pub reason: String,
    /// The steps that resolve it: Markdown.
    pub resolution: String,
    /// Further reading: Markdown.
    pub more_info: String,
    /// Its severity.
    pub risk: Risk,
    /// The risk of applying the resolution; `None` if unknown.
    pub resolution_risk: Option<Risk>,
    /// Its tags.
    pub tags: Vec<String>,
    /// The time of the first report of the cluster with this finding, if known.
    pub impacted_since: Option<DateTime<Utc>>,
    /// The values that the rule found in the archive.
    pub evidence: Json,
    /// Whether, and how, it is disabled.
    pub disabled: Option<Disabled>,
    /// The user's vote: 1, 0 or -1.
    pub vote: i8,
}

/// The disabling of a recommendation.
#[derive(Clone, Debug, Default)]
pub struct Disabled {
    /// The reason that the user gave; may be empty.
    pub reason: String,
    /// The user, if known.
    pub by: Option<String>,
    /// The time, if known.
    pub at: Option<DateTime<Utc>>,
}

/// A recommendation over all clusters.
#[derive(Clone, Debug)]
pub struct Recommendation {
    /// The rule and its error key.
    pub rule: RuleSelector,
    /// The headline.
    pub description: String,
    /// The problem in general: Markdown.
    pub generic: String,
    /// The severity.
    pub risk: Risk,
    /// The impact, 1 to 4; `None` if unknown.
    pub impact: Option<Risk>,
    /// The likelihood, 1 to 4; `None` if unknown.
    pub likelihood: Option<Risk>,
    /// The risk of applying the resolution; `None` if unknown.
    pub resolution_risk: Option<Risk>,
    /// Its tags.
    pub tags: Vec<String>,
    /// When its content was published or last changed, if known.
    pub published_at: Option<DateTime<Utc>>,
    /// Whether it is disabled for all clusters.
    pub is_disabled: bool,
    /// The number of clusters that it affects.
    pub clusters: u32,
}

/// A recommendation that applied to a cluster, and no longer does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastRecommendation {
    /// The rule and its error key.
    pub rule: RuleSelector,
    /// The headline.
    pub description: String,
    /// The severity.
    pub risk: Risk,
    /// The time of the first report with it, if known.
    pub appeared_at: Option<DateTime<Utc>>,
    /// The time of the first report without it.
    pub vanished_at: DateTime<Utc>,
}

impl PastRecommendation {
    /// Returns when it began, as far as it is known.
    pub(crate) fn began_at(&self) -> DateTime<Utc> {
        self.appeared_at.unwrap_or(self.vanished_at)
    }
}

/// A recommendation with the clusters that it affects.
#[derive(Clone, Debug)]
pub struct RecommendationDetails {
    /// The recommendation.
    pub recommendation: Recommendation,
    /// Its disabling for all clusters.
    pub disabled: Option<Disabled>,
    /// The user's vote: 1, 0 or -1.
    pub vote: i8,
    /// The clusters for which it is enabled.
    pub affected: Vec<AffectedCluster>,
    /// The clusters for which it is disabled.
    pub excluded: Vec<ExcludedCluster>,
}

/// A cluster that a recommendation affects.
#[derive(Clone, Debug)]
pub struct AffectedCluster {
    /// Its id.
    pub id: ClusterId,
    /// Its display name; the id if it has none.
    pub name: String,
    /// Its OpenShift version; empty if unknown.
    pub version: String,
    /// The time of its newest report.
    pub last_checked_at: Option<DateTime<Utc>>,
    /// The time of the first report of the cluster with this finding, if known.
    pub impacted_since: Option<DateTime<Utc>>,
}

/// A cluster for which a recommendation is disabled.
#[derive(Clone, Debug)]
pub struct ExcludedCluster {
    /// Its id.
    pub id: ClusterId,
    /// Its display name; the id if it has none.
    pub name: String,
    /// Why, when and by whom.
    pub disabled: Disabled,
}

/// The key of a namespace of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamespaceKey {
    /// The cluster.
    pub cluster: ClusterId,
    /// The namespace's UID.
    pub namespace: String,
}

/// A namespace of a cluster with findings in its workloads.
#[derive(Clone, Debug)]
pub struct WorkloadRow {
    /// The cluster and the namespace.
    pub key: NamespaceKey,
    /// The cluster's display name.
    pub cluster_name: String,
    /// The namespace's name; its UID if unknown.
    pub namespace_name: String,
    /// The number of recommendations.
    pub recommendations: u32,
    /// The number of objects that they concern.
    pub objects: u32,
    /// The time of the newest report.
    pub last_checked_at: Option<DateTime<Utc>>,
    /// The findings by severity.
    pub hits: RiskCounts,
}

/// A namespace with its recommendations.
#[derive(Clone, Debug)]
pub struct WorkloadReport {
    /// The namespace.
    pub row: WorkloadRow,
    /// Its recommendations.
    pub checks: Vec<WorkloadCheck>,
}

/// A recommendation for workloads of a namespace.
#[derive(Clone, Debug)]
pub struct WorkloadCheck {
    /// The name of the check, for example `no_liveness_probe`.
    pub check: String,
    /// The headline.
    pub description: String,
    /// Why it matters: Markdown.
    pub reason: String,
    /// The steps that resolve it: Markdown.
    pub resolution: String,
    /// Further reading: Markdown.
    pub more_info: String,
    /// Its severity.
    pub risk: Risk,
    /// The objects concerned.
    pub objects: Vec<WorkloadObject>,
}

/// An object of Kubernetes.
#[derive(Clone, Debug)]
pub struct WorkloadObject {
    /// Its kind.
    pub kind: String,
    /// Its name; empty if unknown.
    pub name: String,
    /// Its UID.
    pub uid: String,
}
