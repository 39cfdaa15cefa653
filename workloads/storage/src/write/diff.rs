//! The difference between the hits of new reports and the stored ones.

use std::collections::HashSet;

use super::Accepted;
use crate::NewHit;

/// A hit's place in a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct RowKey<'a> {
    /// Which of the accepted reports.
    pub(super) report: usize,
    pub(super) rule: &'a str,
    pub(super) error_key: &'a str,
}

/// A hit that should be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hit<'a> {
    pub(super) key: RowKey<'a>,
    pub(super) template_data: &'a str,
}

/// The difference between the hits that should be stored and those that are.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Diff<'a> {
    pub(super) appeared: Vec<Hit<'a>>,
    pub(super) kept: Vec<Hit<'a>>,
    pub(super) vanished: Vec<RowKey<'a>>,
}

/// The hits of the accepted reports, with the rules as `name_of` calls them.
pub(super) fn wanted<'a>(accepted: &'a [Accepted<'a>], name_of: fn(&'a NewHit) -> &'a str) -> Vec<Hit<'a>> {
    let mut wanted = Vec::new();
    for (report, cluster) in accepted.iter().enumerate() {
        wanted.extend(cluster.report.hits.iter().map(|hit| Hit {
            key: RowKey { report, rule: name_of(hit), error_key: &hit.error_key },
            template_data: &hit.template_data,
        }));
    }
    wanted
}

/// Compares. Of two wanted hits with the same key the first counts.
pub(super) fn diff<'a>(wanted: &[Hit<'a>], stored: &[RowKey<'a>]) -> Diff<'a> {
    let stored_keys: HashSet<RowKey<'_>> = stored.iter().copied().collect();
    let mut wanted_keys = HashSet::with_capacity(wanted.len());
    let mut diff = Diff::default();
    for hit in wanted.iter().filter(|hit| wanted_keys.insert(hit.key)) {
        let rows = if stored_keys.contains(&hit.key) { &mut diff.kept } else { &mut diff.appeared };
        rows.push(*hit);
    }
    diff.vanished = stored.iter().filter(|key| !wanted_keys.contains(key)).copied().collect();
    diff
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(report: usize, rule: &str) -> RowKey<'_> {
        RowKey { report, rule, error_key: "K" }
    }

    fn hit(report: usize, rule: &str) -> Hit<'_> {
        Hit { key: key(report, rule), template_data: "{}" }
    }

    #[test]
    fn hits_appear_stay_and_vanish_by_report_rule_and_key() {
        let other_key = RowKey { error_key: "L", ..key(0, "a") };
        let diff = diff(&[hit(0, "a"), hit(0, "b"), hit(1, "c")], &[key(0, "a"), key(0, "c"), other_key]);
        assert_eq!(diff.kept, [hit(0, "a")]);
        assert_eq!(diff.appeared, [hit(0, "b"), hit(1, "c")]);
        assert_eq!(diff.vanished, [key(0, "c"), other_key]);
    }

    #[test]
    fn repeated_hit_counts_once() {
        let second = Hit { template_data: "second", ..hit(0, "a") };
        assert_eq!(diff(&[hit(0, "a"), second], &[]).appeared, [hit(0, "a")]);
        assert_eq!(diff(&[hit(0, "a"), second], &[key(0, "a")]).kept, [hit(0, "a")]);
    }

    #[test]
    fn empty_report_leaves_no_hits() {
        assert_eq!(diff(&[], &[key(0, "a")]).vanished, [key(0, "a")]);
        assert_eq!(diff(&[], &[]), Diff::default());
    }
}
