//! The clusters of an organisation with the rules that hit them, and the organisation's opinions.

use std::{collections::HashSet, sync::Arc};

use ccx_messages::{ClusterId, RuleFqdn, RuleSelector};

pub(crate) use facts::{Acknowledged, FactCache, Facts, created_by};
pub(crate) use reports::{Reports, SnapshotCluster};
pub(crate) use reports_cache::ReportsCache;

mod facts;
mod reports;
mod reports_cache;

/// The clusters of an organisation with the rules that hit them, and the organisation's opinions: one answer uses the same ones
/// throughout.
#[derive(Clone, Debug, Default)]
pub(crate) struct Snapshot {
    pub(crate) reports: Arc<Reports>,
    pub(crate) facts: Arc<Facts>,
}

impl Snapshot {
    /// Returns the clusters with a report, in no particular order.
    pub(crate) fn clusters(&self) -> &[SnapshotCluster] {
        self.reports.clusters()
    }

    /// Returns the position of a cluster with a report.
    pub(crate) fn position(&self, id: ClusterId) -> Option<usize> {
        self.reports.position(id)
    }

    /// Returns whether the organisation has disabled a rule for all its clusters.
    pub(crate) fn is_acknowledged(&self, selector: &RuleSelector) -> bool {
        self.facts.acknowledged(selector).is_some()
    }

    /// Returns the clusters for which the organisation has disabled a rule.
    pub(crate) fn disabled_clusters(&self, selector: &RuleSelector) -> Option<&HashSet<ClusterId>> {
        self.facts.disabled_clusters(selector)
    }

    /// Returns the positions of the clusters that a rule hits, without those for which it is disabled; `None` if it hits no cluster.
    pub(crate) fn enabled_hits(&self, selector: &RuleSelector) -> Option<impl Iterator<Item = usize>> {
        let positions = self.reports.hits(selector)?;
        let disabled = self.disabled_clusters(selector);
        Some(positions.iter().map(|position| *position as usize).filter(move |position| {
            disabled.is_none_or(|disabled| !disabled.contains(&self.clusters()[*position].id))
        }))
    }
}

/// Returns the selector of a rule that may be named with or without `.report`.
pub(crate) fn selector(rule: &str, error_key: &str) -> Option<RuleSelector> {
    Some(RuleSelector { rule: RuleFqdn::from_component(rule).ok()?, error_key: error_key.parse().ok()? })
}
