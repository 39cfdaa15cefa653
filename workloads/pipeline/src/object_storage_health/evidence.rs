//! The decision whether a failed download counts against its record, as a state machine without clock or socket.

use std::collections::BTreeSet;

use crate::record_id::RecordId;

/// So many different records that fail in a row are not a coincidence.
pub(crate) const MANY_RECORDS: usize = 3;

/// The state of the object storage, as downloads and probes show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Availability {
    /// Nothing shows that it is unavailable.
    Available,
    /// The last probe of its endpoint failed. Ends with the next successful probe or download.
    Unreachable,
    /// The downloads of [`MANY_RECORDS`] different records failed, and none succeeded since. Ends with the next answer to a
    /// download: a load balancer may answer probes.
    Failing,
}

/// Everything that is known about the object storage.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    /// The records whose downloads failed since the last answer; at most [`MANY_RECORDS`].
    failing: BTreeSet<RecordId>,
    has_failed_probe: bool,
    answers: u64,
}

impl Evidence {
    /// The state.
    pub(crate) fn availability(&self) -> Availability {
        if self.failing.len() >= MANY_RECORDS {
            Availability::Failing
        } else if self.has_failed_probe {
            Availability::Unreachable
        } else {
            Availability::Available
        }
    }

    /// The number of downloads that got an answer.
    pub(crate) fn answers(&self) -> u64 {
        self.answers
    }

    /// A download got an answer: the archive, or that it does not exist.
    pub(crate) fn answered(&mut self) {
        self.failing.clear();
        self.has_failed_probe = false;
        self.answers += 1;
    }

    /// A probe of the endpoint ended.
    pub(crate) fn probed(&mut self, is_answering: bool) {
        self.has_failed_probe = !is_answering;
    }

    /// A download of `record` failed without an answer. Returns whether that counts against the record.
    ///
    /// It counts if the storage works for others: it is available, or another download got an answer since `answers_before`,
    /// the number of answers when the attempt began.
    pub(crate) fn failed(&mut self, record: RecordId, answers_before: u64) -> bool {
        if self.failing.len() < MANY_RECORDS {
            self.failing.insert(record);
        }
        self.availability() == Availability::Available || self.answers > answers_before
    }
}

#[cfg(test)]
mod tests {
    use ccx_transport::Position;

    use super::*;

    fn record(offset: i64) -> RecordId {
        RecordId { topic: "announce".into(), position: Position { partition: 0, offset } }
    }

    /// A download of a record, before which the endpoint is probed. Returns whether its failure counts.
    fn fails(evidence: &mut Evidence, offset: i64, is_answering: bool) -> bool {
        let answers_before = evidence.answers();
        evidence.probed(is_answering);
        evidence.failed(record(offset), answers_before)
    }

    #[test]
    fn single_record_never_counts_while_the_endpoint_fails() {
        let mut evidence = Evidence::default();
        for _ in 0..100 {
            assert!(!fails(&mut evidence, 1, false));
        }
        assert_eq!(evidence.availability(), Availability::Unreachable);
        evidence.probed(true);
        assert_eq!(evidence.availability(), Availability::Available);
    }

    #[test]
    fn two_records_count_while_the_endpoint_answers() {
        let mut evidence = Evidence::default();
        for _ in 0..100 {
            assert!(fails(&mut evidence, 1, true));
            assert!(fails(&mut evidence, 2, true));
        }
        assert_eq!(evidence.availability(), Availability::Available);
    }

    #[test]
    fn many_records_are_an_outage_that_only_an_answer_ends() {
        let mut evidence = Evidence::default();
        assert!(fails(&mut evidence, 1, true));
        assert!(fails(&mut evidence, 2, true));
        assert!(!fails(&mut evidence, 3, true));
        assert!(!fails(&mut evidence, 1, true));
        evidence.probed(true);
        assert_eq!(evidence.availability(), Availability::Failing, "a load balancer answers probes, too");
        evidence.answered();
        assert_eq!(evidence.availability(), Availability::Available);
        assert!(fails(&mut evidence, 1, true));
    }

    #[test]
    fn records_of_two_topics_are_different() {
        let mut evidence = Evidence::default();
        for topic in ["announce", "announce.retry", "announce.another"] {
            evidence.failed(RecordId { topic: topic.into(), ..record(1) }, 0);
        }
        assert_eq!(evidence.availability(), Availability::Failing);
    }

    #[test]
    fn answers_in_between_keep_dead_links_apart() {
        let mut evidence = Evidence::default();
        for offset in 0..100 {
            assert!(fails(&mut evidence, offset, true));
            evidence.answered();
        }
    }

    #[test]
    fn record_counts_when_another_was_answered_during_its_attempt() {
        let mut evidence = Evidence::default();
        let counts: Vec<_> = (0..6)
            .map(|offset| {
                let answers_before = evidence.answers();
                evidence.answered();
                // The links lead to another host than the endpoint, which is dead.
                evidence.probed(false);
                evidence.failed(record(offset), answers_before)
            })
            .collect();
        assert_eq!(counts, [true; 6]);
        assert!(!fails(&mut evidence, 0, false), "without an answer in between it does not");
    }
}
