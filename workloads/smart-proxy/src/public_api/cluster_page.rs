//! A part of the list of clusters, selected and sorted here, so that a page of some rows costs no list of all.

use std::cmp::{Ordering, Reverse};

use ccx_auth::Caller;

use super::{PublicApi, clusters::Row};
use crate::{
    error::ApiError,
    model::{ClusterSummary, HitsByRisk},
};

/// The clusters that are asked for, and their order. By default: all, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterSelection {
    /// Part of the name or the id, in any case.
    pub text: Option<String>,
    /// Severities: only clusters with a hit of any of them; empty means any cluster.
    pub risks: Vec<u8>,
    /// Versions, or their first numbers: `4.14` includes `4.14.2`; empty means any cluster.
    pub versions: Vec<String>,
    /// Only clusters whose report is stale, or is not.
    pub stale: Option<bool>,
    /// The order. Equal clusters are sorted by name, then by id.
    pub order: ClusterOrder,
    /// Whether the order is reversed, except for equal clusters.
    pub is_descending: bool,
    /// Number of clusters to leave out.
    pub offset: usize,
    /// Largest number of clusters.
    pub limit: Option<usize>,
}

/// An order of clusters, ascending.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClusterOrder {
    /// By name, in any case.
    #[default]
    Name,
    /// By id.
    Id,
    /// By the numbers of the version.
    Version,
    /// By the number of enabled hits.
    HitCount,
    /// By the number of critical hits, then of important ones, and so on.
    Severity,
    /// By the number of hits of one severity.
    Risk(u8),
    /// By the time of the report; clusters without one are the first.
    LastCheckedAt,
}

/// A part of the list of clusters.
#[derive(Clone, Debug)]
pub struct ClusterPage {
    /// The clusters of the part.
    pub clusters: Vec<ClusterSummary>,
    /// Number of selected clusters, in all parts.
    pub count: usize,
    /// The sums over all clusters of the organisation.
    pub totals: ClusterTotals,
}

/// Sums over all clusters of an organisation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterTotals {
    /// Number of clusters.
    pub clusters: usize,
    /// Number of clusters with an enabled hit.
    pub affected: usize,
    /// Enabled hits.
    pub hits: HitsByRisk,
    /// Minor versions, such as `4.14`, the newest first.
    pub versions: Vec<String>,
}

impl PublicApi {
    /// Lists a part of the clusters of the organisation.
    pub async fn clusters_page(
        &self,
        caller: &Caller,
        selection: &ClusterSelection,
    ) -> Result<ClusterPage, ApiError> {
        let view = self.view(caller).await?;
        let mut totals = Totals::default();
        let text = selection.text.as_ref().map(|text| text.to_lowercase());
        let is_selected = |row: &Row<'_>| selection.includes(row, text.as_deref());
        let counted = self.rows(&view).inspect(|row| totals.add(row));
        let mut rows: Vec<Row<'_>> = counted.filter(is_selected).collect();
        selection.sort(&mut rows);
        let (count, limit) = (rows.len(), selection.limit.unwrap_or(usize::MAX));
        let page = rows.iter().skip(selection.offset).take(limit);
        Ok(ClusterPage { clusters: page.map(Row::summary).collect(), count, totals: totals.finish() })
    }
}

impl ClusterSelection {
    fn includes(&self, row: &Row<'_>, text: Option<&str>) -> bool {
        let is_named = text.is_none_or(|text| {
            row.listed.display_name.to_lowercase().contains(text) || row.listed.id.to_string().contains(text)
        });
        let has_risk = self.risks.is_empty() || self.risks.iter().any(|risk| row.hits.get(*risk) > 0);
        let versions = &self.versions;
        let has_version =
            versions.is_empty() || versions.iter().any(|version| is_version(version, row.version()));
        has_risk && has_version && self.stale.is_none_or(|stale| stale == row.is_stale) && is_named
    }

    /// Sorts clusters, which are sorted by id.
    fn sort(&self, rows: &mut Vec<Row<'_>>) {
        if self.order == ClusterOrder::Id {
            if self.is_descending {
                rows.reverse();
            }
            return;
        }
        let mut keyed: Vec<(Key, String, Row<'_>)> =
            rows.drain(..).map(|row| (self.key(&row), row.listed.display_name.to_lowercase(), row)).collect();
        let is_by_name = self.order == ClusterOrder::Name;
        keyed.sort_by(|(a, a_name, _), (b, b_name, _)| {
            let (order, names) = (a.cmp(b), a_name.cmp(b_name));
            let order = if is_by_name { names } else { order };
            let order = if self.is_descending { order.reverse() } else { order };
            order.then(if is_by_name { Ordering::Equal } else { names })
        });
        rows.extend(keyed.into_iter().map(|(_, _, row)| row));
    }

    fn key(&self, row: &Row<'_>) -> Key {
        match self.order {
            ClusterOrder::Name | ClusterOrder::Id => Key::Number(0),
            ClusterOrder::Version => Key::Version(version_key(row.version())),
            ClusterOrder::HitCount => Key::Number(row.hits.total().into()),
            ClusterOrder::Severity => Key::Risks([4, 3, 2, 1].map(|risk| row.hits.get(risk))),
            ClusterOrder::Risk(risk) => Key::Number(row.hits.get(risk).into()),
            ClusterOrder::LastCheckedAt => {
                let time = row.stored.and_then(|stored| stored.last_checked_at);
                Key::Number(time.map_or(i64::MIN, |time| time.timestamp_micros()))
            }
        }
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Number(i64),
    Risks([u32; 4]),
    Version(VersionKey),
}

type VersionKey = (Vec<u32>, Reverse<bool>);

#[derive(Default)]
struct Totals {
    totals: ClusterTotals,
    minors: std::collections::BTreeSet<(Vec<u32>, String)>,
}

impl Totals {
    fn add(&mut self, row: &Row<'_>) {
        self.totals.clusters += 1;
        self.totals.affected += usize::from(row.hits.total() > 0);
        for risk in 1..=4 {
            self.totals.hits.add_all(risk, row.hits.get(risk));
        }
        let minor = minor(row.version());
        // Most clusters have one of few versions.
        if !minor.is_empty() && !self.minors.iter().any(|(_, known)| known == minor) {
            self.minors.insert((numbers(minor), minor.to_owned()));
        }
    }

    fn finish(self) -> ClusterTotals {
        let versions = self.minors.into_iter().rev().map(|(_, minor)| minor).collect();
        ClusterTotals { versions, ..self.totals }
    }
}

/// Returns the first two numbers of a version.
fn minor(version: &str) -> &str {
    let end = version.match_indices(['.', '-']).nth(1).map_or(version.len(), |(end, _)| end);
    &version[..end]
}

/// Returns whether a version is `chosen`, or begins with its numbers.
fn is_version(chosen: &str, version: &str) -> bool {
    version.strip_prefix(chosen).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
}

/// Returns a key by which versions sort by their numbers, and a release candidate before its release.
fn version_key(version: &str) -> VersionKey {
    (numbers(version.split(['-', '+']).next().unwrap_or_default()), Reverse(version.contains('-')))
}

fn numbers(version: &str) -> Vec<u32> {
    version.split('.').map(|part| part.parse().unwrap_or_default()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_is_selected_by_whole_numbers() {
        assert!(is_version("4.14", "4.14.2") && is_version("4.14.2", "4.14.2"));
        assert!(is_version("4.14", "4.14.0-rc.1") && !is_version("4.1", "4.14.2"));
        assert_eq!(
            (minor("4.14.2"), minor("4.14"), minor("4.20-x"), minor("")),
            ("4.14", "4.14", "4.20", "")
        );
    }

    #[test]
    fn version_key_orders_by_numbers_with_candidates_first() {
        let mut versions = ["4.9.1", "4.10.0", "4.10.0-rc.1", ""];
        versions.sort_by_key(|version| version_key(version));
        assert_eq!(versions, ["", "4.9.1", "4.10.0-rc.1", "4.10.0"]);
    }
}
