//! The answers, as the published API describes them.
//!
//! Times are `DateTime<Utc>` here, and RFC 3339 in whole seconds in JSON; an unknown time is absent, never empty, except in the
//! fields that clients decode as a string (`disabled_at`, `updated_at`).

mod acknowledgement;
mod cluster;
mod content;
mod extra_data;
mod history;
mod hits_by_risk;
mod overview;
mod recommendation;
mod report;
mod request;
mod time;
mod workload;

pub use acknowledgement::{Acknowledgement, Created};
pub use cluster::{ClusterInfo, ClusterSummary};
pub use content::{ContentForm, ErrorKeyContent, ErrorKeyMetadata, Impact, RuleContent, RulePlugin};
pub use extra_data::ExtraData;
pub use history::PastRecommendation;
pub use hits_by_risk::HitsByRisk;
pub use overview::Overview;
pub use recommendation::{
    ClusterVersion, DisabledCluster, ImpactedCluster, ImpactedClusters, RecommendationDetails,
    RecommendationSummary,
};
pub use report::{Report, ReportInfo, ReportMeta, RuleHit};
pub use request::{GatheringRequest, RequestHit, RequestReport};
pub use workload::{
    NamespaceRef, NamespaceSummary, WorkloadCluster, WorkloadMeta, WorkloadObject, WorkloadRecommendation,
    WorkloadReport,
};
