//! The objects of one resource.

use std::collections::BTreeMap;

use crate::{
    controller::{
        facts::{Facts, PodFacts},
        fingerprint::Fingerprint,
        record::{Record, Version},
    },
    kind::Kind,
};

/// What was seen of the objects of one resource, and what we know of them.
#[derive(Debug, Default)]
pub(crate) struct Family {
    /// The fingerprint of the UID of the resource that they belong to.
    resource: Option<Fingerprint>,
    /// In the order of kind and name. A list, since a map would take twice the room.
    children: Vec<Entry>,
    pods: BTreeMap<Box<str>, (PodFacts, u32)>,
    /// Grows with every change that matters.
    changes: u64,
}

/// A kind of object that is listed anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Children(Kind),
    Pods,
}

#[derive(Debug)]
struct Entry {
    kind: Kind,
    name: Box<str>,
    record: Option<Record>,
    /// When it was last listed.
    sweep: u32,
    /// We found it to be as it should be, in this form.
    verified: Option<Verified>,
    /// We are writing it: a change may be our own.
    writing: bool,
}

/// A form of a child that was found right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Verified {
    ownership: Fingerprint,
    desired: Fingerprint,
}

/// What is known of a child before it is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Knowledge {
    /// It is as it should be.
    Settled,
    /// It was as it should be, and now it is gone.
    Vanished,
    /// A look is needed.
    Unknown,
}

impl Family {
    pub(super) fn is_empty(&self) -> bool {
        self.pods.is_empty() && self.children.iter().all(|entry| entry.record.is_none())
    }

    /// The resource is the one with this UID. What was right for another of the same name, which is gone, is nothing that anybody could
    /// have taken from this one.
    pub(crate) fn belongs_to(&mut self, uid: Option<&str>) {
        let resource = uid.map(Fingerprint::of);
        if std::mem::replace(&mut self.resource, resource) != resource {
            self.children.retain(|entry| entry.record.is_some());
            self.children.iter_mut().for_each(|entry| entry.verified = None);
        }
    }

    /// How many changes that matter there have been.
    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    pub(super) fn changed(&mut self) -> bool {
        self.changes += 1;
        true
    }

    pub(crate) fn child_seen(&mut self, kind: Kind, name: &str, record: Record, sweep: u32) -> bool {
        let entry = self.entry(kind, name);
        entry.sweep = sweep;
        let is_news = entry.record.as_ref().is_none_or(|before| before.differs(&record));
        let is_ours = entry.writing;
        entry.record = Some(record);
        is_news && !is_ours && self.changed()
    }

    pub(super) fn child_gone(&mut self, kind: Kind, name: &str) -> bool {
        let Some(entry) = self.find_mut(kind, name) else { return false };
        entry.record.take().is_some() && self.changed()
    }

    pub(super) fn pod_seen(&mut self, name: &str, facts: PodFacts, sweep: u32) -> bool {
        let is_news = self.pods.get(name).is_none_or(|(before, _)| *before != facts);
        self.pods.insert(name.into(), (facts, sweep));
        is_news && self.changed()
    }

    pub(super) fn pod_gone(&mut self, name: &str) -> bool {
        self.pods.remove(name).is_some() && self.changed()
    }

    pub(super) fn swept(&mut self, seen: Seen, sweep: u32) -> bool {
        let is_missed = match seen {
            Seen::Children(kind) => self.sweep_children(kind, sweep),
            Seen::Pods => {
                let before = self.pods.len();
                self.pods.retain(|_, (_, seen)| *seen == sweep);
                self.pods.len() < before
            }
        };
        is_missed && self.changed()
    }

    fn sweep_children(&mut self, kind: Kind, sweep: u32) -> bool {
        let mut is_missed = false;
        for entry in self.children.iter_mut().filter(|entry| entry.kind == kind && entry.sweep != sweep) {
            is_missed |= entry.record.take().is_some();
        }
        is_missed
    }

    /// What is known of a child that should have the fingerprint `desired`.
    pub(crate) fn knowledge(&self, kind: Kind, name: &str, desired: Fingerprint) -> Knowledge {
        let Some(entry) = self.find(kind, name) else { return Knowledge::Unknown };
        match (&entry.record, &entry.verified) {
            (Some(record), Some(verified)) if !record.is_leaving => {
                let is_right = verified.ownership == record.ownership && verified.desired == desired;
                if is_right { Knowledge::Settled } else { Knowledge::Unknown }
            }
            (None, Some(verified)) if verified.desired == desired => Knowledge::Vanished,
            _ => Knowledge::Unknown,
        }
    }

    pub(crate) fn record(&self, kind: Kind, name: &str) -> Option<&Record> {
        self.find(kind, name)?.record.as_ref()
    }

    pub(crate) fn facts(&self, kind: Kind, name: &str) -> Option<&Facts> {
        self.record(kind, name).map(|record| &record.facts)
    }

    /// All children that exist.
    pub(crate) fn records(&self) -> impl Iterator<Item = (Kind, &str, &Record)> {
        self.children.iter().filter_map(|entry| Some((entry.kind, &*entry.name, entry.record.as_ref()?)))
    }

    pub(crate) fn pods(&self) -> impl Iterator<Item = (&str, &PodFacts)> {
        self.pods.iter().map(|(name, (facts, _))| (&**name, facts))
    }

    /// We begin to write a child: until it is `verified`, a change of it is no news.
    pub(crate) fn writing(&mut self, kind: Kind, name: &str) {
        self.entry(kind, name).writing = true;
    }

    /// A child was read or written in this form, which is right. Whether somebody changed it after that.
    pub(crate) fn verified(
        &mut self,
        kind: Kind,
        name: &str,
        mut record: Record,
        desired: Fingerprint,
    ) -> bool {
        let entry = self.entry(kind, name);
        entry.writing = false;
        entry.verified = Some(Verified { ownership: record.ownership, desired });
        let newest = entry.record.as_ref().map(|seen| seen.version);
        if newest > Some(record.version) && newest != Some(Version::UNKNOWN) {
            return entry.record.as_ref().is_some_and(|seen| seen.ownership != record.ownership)
                && self.changed();
        }
        if let Some(seen) = entry.record.take() {
            let is_changed = seen.generation < record.generation;
            record.facts = if is_changed { seen.facts.outdated() } else { seen.facts };
        }
        entry.record = Some(record);
        false
    }

    /// A write failed, or was given up.
    pub(crate) fn unverified(&mut self, kind: Kind, name: &str) {
        if let Some(entry) = self.find_mut(kind, name) {
            entry.writing = false;
            entry.verified = None;
        }
    }

    /// We deleted a child: that it goes is no news, and it is not missed.
    pub(crate) fn deleted(&mut self, kind: Kind, name: &str) {
        if let Ok(index) = self.position(kind, name) {
            self.children.remove(index);
        }
    }

    fn find(&self, kind: Kind, name: &str) -> Option<&Entry> {
        self.position(kind, name).ok().map(|index| &self.children[index])
    }

    fn find_mut(&mut self, kind: Kind, name: &str) -> Option<&mut Entry> {
        self.position(kind, name).ok().map(|index| &mut self.children[index])
    }

    /// The entry of a child, which is made if there is none.
    fn entry(&mut self, kind: Kind, name: &str) -> &mut Entry {
        let index = self.position(kind, name).unwrap_or_else(|index| {
            self.children.insert(index, Entry::new(kind, name));
            index
        });
        &mut self.children[index]
    }

    /// Where a child is, or where it would be.
    fn position(&self, kind: Kind, name: &str) -> Result<usize, usize> {
        self.children.binary_search_by(|entry| (entry.kind, &*entry.name).cmp(&(kind, name)))
    }
}

impl Entry {
    fn new(kind: Kind, name: &str) -> Self {
        Self { kind, name: name.into(), record: None, sweep: 0, verified: None, writing: false }
    }
}
