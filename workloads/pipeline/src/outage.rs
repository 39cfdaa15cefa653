//! Is it the link, or is the object storage away? Decides which failed downloads count.
//!
//! A link that never works must not hold its record for ever: after `retry.max_attempts` it is a dead letter. An object storage
//! that is away for an hour must not turn an hour of announcements into dead letters. One failure looks like the other, so:
//!
//! | what failed | and then | verdict |
//! |---|---|---|
//! | no connection (refused, no route, DNS, TLS, connect time-out) | the storage's own address takes no connection either | away, until it does |
//! | no connection | the storage's own address does | counts against the link |
//! | a server answered 5xx, or fell silent | – | counts against the link |
//! | either of them | [`MANY_LINKS`] different links in a row failed, none got an answer | away, until one gets an answer |
//!
//! The first row makes a single record in flight enough to notice that the storage is down; the last one notices a storage whose
//! load balancer still answers 503, or whose links have another host than its own address. *Answer* means anything that a working
//! storage says: the archive, but also "no such key" or "expired". While the storage is away, records keep trying, without
//! end and without counting; any answer to any of them ends the outage, and those that still fail then count.
//!
//! An answer also outweighs the next probe. When links are served by another host than the storage's configured address, and that
//! one is dead, a dead link still uses up its attempts, between answers to others.
//!
//! What remains: a storage that takes connections and then says nothing (or 5xx) while fewer than [`MANY_LINKS`] archives arrive
//! within their attempts. Those few become dead letters, class `transient`, which `ccx dlq replay` puts back.

use std::collections::BTreeSet;

/// So many different links that fail in a row are not a coincidence.
pub(crate) const MANY_LINKS: usize = 3;

/// A link, by the record that it came with: partition and offset.
pub(crate) type Link = (i32, i64);

/// How a download failed, of the failures that may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// No connection could be made.
    NoConnection {
        /// Whether the storage's own address took one right after.
        storage: Reachability,
    },
    /// A server took the connection, but gave no good answer in time.
    NoAnswer,
}

/// Whether an address takes connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reachability {
    /// It does.
    Reachable,
    /// It does not.
    Unreachable,
}

/// Whose fault a failure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is one of the attempts that the record has.
    CountsAgainstLink,
    /// It does not count: nobody gets archives at the moment.
    StorageIsAway,
}

/// What is known about the object storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Storage {
    /// Nothing says that it is away.
    Present,
    /// Its address takes no connection. Ends with the first connection.
    Unreachable,
    /// It takes connections, yet nobody gets an answer. Ends with the first answer.
    Silent,
}

/// The decision, as a state machine without clock or socket.
#[derive(Debug)]
pub(crate) struct Outage {
    storage: Storage,
    /// The links that failed since the last answer; at most [`MANY_LINKS`].
    failing: BTreeSet<Link>,
    answered_since_probe: bool,
}

impl Default for Outage {
    fn default() -> Self {
        Self { storage: Storage::Present, failing: BTreeSet::new(), answered_since_probe: false }
    }
}

impl Outage {
    /// What is known now.
    pub(crate) fn storage(&self) -> Storage {
        self.storage
    }

    /// Somebody got an answer.
    pub(crate) fn answered(&mut self) {
        self.storage = Storage::Present;
        self.failing.clear();
        self.answered_since_probe = true;
    }

    /// The storage's own address was tried.
    pub(crate) fn probed(&mut self, storage: Reachability) {
        let answered_since = std::mem::take(&mut self.answered_since_probe);
        match storage {
            // Somebody was served after all: the next probe tells whether by the same address.
            Reachability::Unreachable if answered_since => {}
            Reachability::Unreachable => self.storage = Storage::Unreachable,
            // A load balancer takes connections, too: what is silent ends with an answer.
            Reachability::Reachable if self.storage == Storage::Unreachable => {
                self.storage = Storage::Present
            }
            Reachability::Reachable => {}
        }
    }

    /// A download failed.
    pub(crate) fn failed(&mut self, link: Link, failure: Failure) -> Verdict {
        if self.failing.len() < MANY_LINKS {
            self.failing.insert(link);
        }
        if let Failure::NoConnection { storage } = failure {
            self.probed(storage);
        }
        if self.storage == Storage::Present && self.failing.len() >= MANY_LINKS {
            self.storage = Storage::Silent;
        }
        match self.storage {
            Storage::Present => Verdict::CountsAgainstLink,
            Storage::Unreachable | Storage::Silent => Verdict::StorageIsAway,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED_BY_ALL: Failure = Failure::NoConnection { storage: Reachability::Unreachable };
    const REFUSED_BY_LINK: Failure = Failure::NoConnection { storage: Reachability::Reachable };

    fn link(offset: i64) -> Link {
        (0, offset)
    }

    #[test]
    fn one_record_is_enough_to_see_that_nobody_is_there() {
        let mut outage = Outage::default();
        for _ in 0..100 {
            assert_eq!(outage.failed(link(1), REFUSED_BY_ALL), Verdict::StorageIsAway);
        }
        assert_eq!(outage.storage(), Storage::Unreachable);
    }

    #[test]
    fn a_dead_link_counts_while_the_storage_takes_connections() {
        let mut outage = Outage::default();
        for _ in 0..100 {
            assert_eq!(outage.failed(link(1), REFUSED_BY_LINK), Verdict::CountsAgainstLink);
        }
        assert_eq!(outage.storage(), Storage::Present);
    }

    #[test]
    fn one_link_without_an_answer_counts_however_often() {
        let mut outage = Outage::default();
        for _ in 0..100 {
            assert_eq!(outage.failed(link(1), Failure::NoAnswer), Verdict::CountsAgainstLink);
            assert_eq!(outage.failed(link(2), Failure::NoAnswer), Verdict::CountsAgainstLink);
        }
    }

    #[test]
    fn many_links_without_an_answer_are_an_outage_that_only_an_answer_ends() {
        let mut outage = Outage::default();
        outage.failed(link(1), Failure::NoAnswer);
        outage.failed(link(2), Failure::NoAnswer);
        assert_eq!(outage.failed(link(3), Failure::NoAnswer), Verdict::StorageIsAway);
        assert_eq!(outage.failed(link(1), Failure::NoAnswer), Verdict::StorageIsAway);
        outage.probed(Reachability::Reachable);
        assert_eq!(outage.storage(), Storage::Silent, "a load balancer takes connections, too");
        outage.answered();
        assert_eq!(outage.failed(link(1), Failure::NoAnswer), Verdict::CountsAgainstLink);
    }

    #[test]
    fn links_of_another_host_than_the_storages_are_an_outage_when_many_fail() {
        let mut outage = Outage::default();
        outage.failed(link(1), REFUSED_BY_LINK);
        outage.failed(link(2), REFUSED_BY_LINK);
        assert_eq!(outage.failed(link(3), REFUSED_BY_LINK), Verdict::StorageIsAway);
        assert_eq!(outage.storage(), Storage::Silent);
    }

    #[test]
    fn answers_in_between_keep_dead_links_apart() {
        let mut outage = Outage::default();
        for round in 0..100 {
            assert_eq!(outage.failed(link(round), Failure::NoAnswer), Verdict::CountsAgainstLink);
            outage.answered();
        }
    }

    #[test]
    fn a_connection_ends_what_the_lack_of_one_began() {
        let mut outage = Outage::default();
        outage.failed(link(1), REFUSED_BY_ALL);
        outage.probed(Reachability::Reachable);
        assert_eq!(outage.storage(), Storage::Present);
        outage.failed(link(1), REFUSED_BY_ALL);
        assert_eq!(outage.failed(link(1), REFUSED_BY_LINK), Verdict::CountsAgainstLink);
    }

    #[test]
    fn a_probe_is_outweighed_by_an_answer_before_it_once() {
        let mut outage = Outage::default();
        outage.answered();
        assert_eq!(outage.failed(link(1), REFUSED_BY_ALL), Verdict::CountsAgainstLink);
        assert_eq!(outage.failed(link(1), REFUSED_BY_ALL), Verdict::StorageIsAway);
        outage.answered();
        outage.probed(Reachability::Unreachable);
        assert_eq!(outage.storage(), Storage::Present);
        outage.probed(Reachability::Unreachable);
        assert_eq!(outage.storage(), Storage::Unreachable);
    }

    #[test]
    fn poison_links_alone_are_buried_although_each_answer_is_followed_by_an_outage() {
        let mut outage = Outage::default();
        let mut counted = [0; 4];
        for _answer in 0..20 {
            outage.answered();
            for (offset, count) in (0..).zip(&mut counted) {
                let verdict = outage.failed(link(offset), Failure::NoAnswer);
                *count += u32::from(verdict == Verdict::CountsAgainstLink);
            }
        }
        assert_eq!(counted, [20, 20, 0, 0], "two of them use up their attempts, then it is the others' turn");
    }
}
