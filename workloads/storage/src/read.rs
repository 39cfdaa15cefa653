//! The API's reads: one statement for each question.
//!
//! Times in the database have no zone and are UTC. All statements find their rows by a primary key, except
//! [`Database::clusters_of_organization`](crate::Database::clusters_of_organization), which goes over one organisation's.

mod cluster;
mod hit;
mod organization;
mod raw;
mod recommendations;
mod report;
mod workload_report;
mod workloads;

pub use hit::StoredHit;
pub use organization::{ReportedCluster, RuleHits};
pub use recommendations::{ClusterWithRules, HitCluster};
pub use report::{StoredReport, StoredReportInfo};
pub use workload_report::{Workload, WorkloadRecommendation};
pub use workloads::{Namespace, NamespaceReport};

#[cfg(test)]
mod tests;
