//! A batch before it meets the database: at most one report of each cluster, in a fixed order.

use std::{
    borrow::Borrow,
    collections::{HashMap, hash_map::Entry},
};

use ccx_messages::{ClusterId, OrgId};
use chrono::{DateTime, Utc};

/// A result of a cluster, which replaces an older one.
pub trait ClusterResult {
    /// Returns the organisation that owns the cluster.
    fn org_id(&self) -> OrgId;

    /// Returns the cluster.
    fn cluster_id(&self) -> ClusterId;

    /// Returns when the archive was announced: of two results the later one counts.
    fn last_checked_at(&self) -> DateTime<Utc>;
}

/// The outcome of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All its rows are stored.
    Written,
    /// A report of the cluster that is as new or newer is stored, or came in the same batch. Nothing was changed.
    Ignored,
    /// The cluster belongs to another organisation, and the sender of the report has not authenticated as the cluster.
    /// Nothing was changed.
    Unauthenticated,
}

/// The outcomes of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchOutcome {
    outcomes: Vec<Outcome>,
}

impl BatchOutcome {
    pub(crate) fn new(
        reports: usize,
        written: impl Iterator<Item = usize>,
        unauthenticated: &[usize],
    ) -> Self {
        let mut outcomes = vec![Outcome::Ignored; reports];
        for position in written {
            outcomes[position] = Outcome::Written;
        }
        for position in unauthenticated {
            outcomes[*position] = Outcome::Unauthenticated;
        }
        Self { outcomes }
    }

    /// Returns the outcome of each report, in the order of the batch.
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    /// Returns the number of stored reports.
    pub fn written(&self) -> usize {
        self.outcomes.iter().filter(|outcome| **outcome == Outcome::Written).count()
    }

    /// Returns the number of reports that were not newer than the stored ones.
    pub fn ignored(&self) -> usize {
        self.outcomes.len() - self.written()
    }
}

/// The positions of the newest report of each cluster, by ascending cluster.
///
/// Of equally new ones the first counts, as it would if they came one by one. Every transaction takes its locks in this order, so
/// that two can't wait for each other.
pub(crate) fn newest<T: ClusterResult, R: Borrow<T>>(reports: &[R]) -> Vec<usize> {
    let reports: Vec<&T> = reports.iter().map(Borrow::borrow).collect();
    let mut newest: HashMap<ClusterId, usize> = HashMap::with_capacity(reports.len());
    for (position, report) in reports.iter().enumerate() {
        match newest.entry(report.cluster_id()) {
            Entry::Vacant(entry) => {
                entry.insert(position);
            }
            Entry::Occupied(mut entry) => {
                if report.last_checked_at() > reports[*entry.get()].last_checked_at() {
                    entry.insert(position);
                }
            }
        }
    }
    let mut positions: Vec<usize> = newest.into_values().collect();
    positions.sort_unstable_by_key(|position| reports[*position].cluster_id());
    positions
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::NewReport;

    fn report(cluster: u8, seconds: i64) -> NewReport {
        NewReport {
            org_id: OrgId::new(1).unwrap(),
            cluster_id: format!("00000000-0000-0000-0000-0000000000{cluster:02x}").parse().unwrap(),
            last_checked_at: DateTime::from_timestamp(seconds, 0).unwrap(),
            gathered_at: None,
            report: String::new(),
            hits: Vec::new(),
            cluster_version: None,
            reported_name: None,
            is_authenticated: true,
        }
    }

    #[test]
    fn newest_report_of_each_cluster_stays_in_the_order_of_clusters() {
        let batch = [report(9, 1), report(2, 5), report(9, 3), report(2, 4), report(9, 2)];
        assert_eq!(newest::<NewReport, _>(&batch), [1, 2]);
        assert!(newest::<NewReport, NewReport>(&[]).is_empty());
    }

    #[test]
    fn first_of_equally_new_reports_stays() {
        assert_eq!(newest::<NewReport, _>(&[report(1, 7), report(1, 7)]), [0]);
    }

    #[test]
    fn outcome_counts_written_reports() {
        let outcome = BatchOutcome::new(3, [1].into_iter(), &[]);
        assert_eq!(outcome.outcomes(), [Outcome::Ignored, Outcome::Written, Outcome::Ignored]);
        assert_eq!((outcome.written(), outcome.ignored()), (1, 2));
    }

    proptest! {
        #[test]
        fn every_cluster_stays_once_with_its_newest_report(
            batch in prop::collection::vec((0_u8..8, 0_i64..8), 0..40),
        ) {
            let reports: Vec<NewReport> = batch.into_iter().map(|(cluster, seconds)| report(cluster, seconds)).collect();
            let kept: Vec<&NewReport> = newest::<NewReport, _>(&reports).into_iter().map(|position| &reports[position]).collect();
            prop_assert!(kept.is_sorted_by(|a, b| a.cluster_id < b.cluster_id));
            for report in &reports {
                let of_cluster = kept.iter().find(|kept| kept.cluster_id == report.cluster_id);
                prop_assert!(of_cluster.is_some_and(|kept| kept.last_checked_at >= report.last_checked_at));
            }
        }
    }
}
