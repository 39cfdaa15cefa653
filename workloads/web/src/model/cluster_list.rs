//! A part of the list of clusters, as the source selects it.

use super::{ClusterRow, Risk, RiskCounts};

/// The clusters that a page of the list shows, and their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterSelection {
    /// A part of the name or of the id, regardless of case.
    pub text: Option<String>,
    /// The severities of which a cluster has at least one recommendation; empty means any, and none too.
    pub risks: Vec<Risk>,
    /// The versions, as `4.14` or `4.14.2`; empty means any.
    pub versions: Vec<String>,
    /// Only clusters whose newest report is stale, or is not; `None` means any.
    pub stale: Option<bool>,
    /// The column that the list is ordered by. Clusters that are equal in it are in the order of their names.
    pub order: ClusterOrder,
    /// Whether the last comes first.
    pub is_descending: bool,
    /// The number of clusters before the first one.
    pub offset: usize,
    /// The limit of clusters.
    pub limit: usize,
}

/// A column of the list of clusters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClusterOrder {
    /// The name.
    #[default]
    Name,
    /// The version, by its numbers.
    Version,
    /// The number of recommendations.
    Total,
    /// The number of critical recommendations, then of important ones, and so on.
    Severity,
    /// The number of recommendations of one severity.
    Risk(Risk),
    /// The time of the newest report.
    LastCheckedAt,
}

/// A page of the list of clusters.
#[derive(Clone, Debug, Default)]
pub struct ClusterPage {
    /// The clusters of the page.
    pub rows: Vec<ClusterRow>,
    /// The number of clusters on all pages.
    pub count: usize,
    /// Totals of all clusters of the organisation, without the filters.
    pub totals: ClusterTotals,
}

/// All clusters of an organisation.
#[derive(Clone, Debug, Default)]
pub struct ClusterTotals {
    /// Their number.
    pub clusters: usize,
    /// The number of those with a recommendation.
    pub affected: usize,
    /// Their recommendations by severity.
    pub hits: RiskCounts,
    /// Their minor versions, the newest first.
    pub versions: Vec<String>,
}
