//! The objects of one resource.

use std::collections::BTreeMap;

use super::{
    entry::{ChildEntry, Version},
    status::{ChildStatus, PodState},
};
use crate::model::{hash64::Hash64, kind::Kind};

/// The children and pods of one resource, and which of the children are known to be up to date.
#[derive(Debug, Default)]
pub(crate) struct PipelineObjects {
    /// The UID of the resource.
    owner: Option<Hash64>,
    /// Sorted by kind and name. A list, since a map would take twice the memory.
    children: Vec<Slot>,
    pods: BTreeMap<Box<str>, (PodState, u32)>,
    /// Counts the changes that matter.
    changes: u64,
}

/// The objects that one list contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listed {
    Children(Kind),
    Pods,
}

#[derive(Debug)]
struct Slot {
    kind: Kind,
    name: Box<str>,
    /// Absent when the child does not exist.
    entry: Option<ChildEntry>,
    /// The number of the list that contained it last.
    list: u32,
    /// The form in which it was last found or written as desired.
    verified: Option<Verified>,
    /// A write is in flight: the next change may be our own.
    is_writing: bool,
}

/// A form of a child that was found or written as desired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Verified {
    ownership: Hash64,
    desired: Hash64,
}

/// The state of a child as far as it is known without a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ChildState {
    /// It is as desired.
    UpToDate,
    /// It was as desired, and was deleted by another client.
    Deleted,
    /// It has to be read.
    Unknown,
}

impl PipelineObjects {
    pub(super) fn is_empty(&self) -> bool {
        self.pods.is_empty() && self.children.iter().all(|slot| slot.entry.is_none())
    }

    /// Sets the UID of the resource. Drops cached state of a deleted resource of the same name.
    pub(crate) fn set_owner(&mut self, uid: Option<&str>) {
        let owner = uid.map(Hash64::new);
        if std::mem::replace(&mut self.owner, owner) != owner {
            self.children.retain(|slot| slot.entry.is_some());
            self.children.iter_mut().for_each(|slot| slot.verified = None);
        }
    }

    /// Returns the number of changes that matter so far.
    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    pub(super) fn count_change(&mut self) -> bool {
        self.changes += 1;
        true
    }

    /// Stores a child. Returns whether the change matters and is not our own.
    pub(crate) fn record_child(&mut self, kind: Kind, name: &str, entry: ChildEntry, list: u32) -> bool {
        let slot = self.slot(kind, name);
        slot.list = list;
        let is_change = slot.entry.as_ref().is_none_or(|before| before.differs(&entry));
        let is_ours = slot.is_writing;
        slot.entry = Some(entry);
        is_change && !is_ours && self.count_change()
    }

    pub(super) fn remove_child(&mut self, kind: Kind, name: &str) -> bool {
        let Some(slot) = self.find_mut(kind, name) else { return false };
        slot.entry.take().is_some() && self.count_change()
    }

    pub(super) fn record_pod(&mut self, name: &str, pod: PodState, list: u32) -> bool {
        let is_change = self.pods.get(name).is_none_or(|(before, _)| *before != pod);
        self.pods.insert(name.into(), (pod, list));
        is_change && self.count_change()
    }

    pub(super) fn remove_pod(&mut self, name: &str) -> bool {
        self.pods.remove(name).is_some() && self.count_change()
    }

    /// Removes the objects that the list number `list` did not contain. Returns whether there were any.
    pub(super) fn finish_list(&mut self, listed: Listed, list: u32) -> bool {
        let is_change = match listed {
            Listed::Children(kind) => self.finish_children(kind, list),
            Listed::Pods => {
                let before = self.pods.len();
                self.pods.retain(|_, (_, seen)| *seen == list);
                self.pods.len() < before
            }
        };
        is_change && self.count_change()
    }

    fn finish_children(&mut self, kind: Kind, list: u32) -> bool {
        let mut is_change = false;
        for slot in self.children.iter_mut().filter(|slot| slot.kind == kind && slot.list != list) {
            is_change |= slot.entry.take().is_some();
        }
        is_change
    }

    /// Returns the cached state of a child whose desired form has the hash `desired`.
    pub(crate) fn child_state(&self, kind: Kind, name: &str, desired: Hash64) -> ChildState {
        let Some(slot) = self.find(kind, name) else { return ChildState::Unknown };
        match (&slot.entry, &slot.verified) {
            (Some(entry), Some(verified)) if !entry.is_terminating => {
                let is_desired = verified.ownership == entry.ownership && verified.desired == desired;
                if is_desired { ChildState::UpToDate } else { ChildState::Unknown }
            }
            (None, Some(verified)) if verified.desired == desired => ChildState::Deleted,
            _ => ChildState::Unknown,
        }
    }

    pub(crate) fn entry(&self, kind: Kind, name: &str) -> Option<&ChildEntry> {
        self.find(kind, name)?.entry.as_ref()
    }

    pub(crate) fn status(&self, kind: Kind, name: &str) -> Option<&ChildStatus> {
        self.entry(kind, name).map(|entry| &entry.status)
    }

    /// Returns all children that exist.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (Kind, &str, &ChildEntry)> {
        self.children.iter().filter_map(|slot| Some((slot.kind, &*slot.name, slot.entry.as_ref()?)))
    }

    /// Returns all pods by name.
    pub(crate) fn pods(&self) -> impl Iterator<Item = (&str, &PodState)> {
        self.pods.iter().map(|(name, (pod, _))| (&**name, pod))
    }

    /// Marks a child as being written: until [`set_verified`](Self::set_verified), a change of it is our own.
    pub(crate) fn begin_write(&mut self, kind: Kind, name: &str) {
        self.slot(kind, name).is_writing = true;
    }

    /// Stores the form in which a child was read or written as desired. Returns whether another client
    /// changed it after that.
    pub(crate) fn set_verified(
        &mut self,
        kind: Kind,
        name: &str,
        mut entry: ChildEntry,
        desired: Hash64,
    ) -> bool {
        let slot = self.slot(kind, name);
        slot.is_writing = false;
        slot.verified = Some(Verified { ownership: entry.ownership, desired });
        let newest = slot.entry.as_ref().map(|seen| seen.version);
        if newest > Some(entry.version) && newest != Some(Version::UNKNOWN) {
            return slot.entry.as_ref().is_some_and(|seen| seen.ownership != entry.ownership)
                && self.count_change();
        }
        if let Some(seen) = slot.entry.take() {
            let is_changed = seen.generation < entry.generation;
            entry.status = if is_changed { seen.status.outdated() } else { seen.status };
        }
        slot.entry = Some(entry);
        false
    }

    /// Drops what was verified of a child, after a write that failed.
    pub(crate) fn clear_verified(&mut self, kind: Kind, name: &str) {
        if let Some(slot) = self.find_mut(kind, name) {
            slot.is_writing = false;
            slot.verified = None;
        }
    }

    /// Removes a child that we deleted, so that its deletion is no change.
    pub(crate) fn forget_child(&mut self, kind: Kind, name: &str) {
        if let Ok(index) = self.position(kind, name) {
            self.children.remove(index);
        }
    }

    fn find(&self, kind: Kind, name: &str) -> Option<&Slot> {
        self.position(kind, name).ok().map(|index| &self.children[index])
    }

    fn find_mut(&mut self, kind: Kind, name: &str) -> Option<&mut Slot> {
        self.position(kind, name).ok().map(|index| &mut self.children[index])
    }

    /// Returns the slot of a child, which is created when absent.
    fn slot(&mut self, kind: Kind, name: &str) -> &mut Slot {
        let index = self.position(kind, name).unwrap_or_else(|index| {
            self.children.insert(index, Slot::new(kind, name));
            index
        });
        &mut self.children[index]
    }

    /// Returns the position of a child, or the one at which to insert it.
    fn position(&self, kind: Kind, name: &str) -> Result<usize, usize> {
        self.children.binary_search_by(|slot| (slot.kind, &*slot.name).cmp(&(kind, name)))
    }
}

impl Slot {
    fn new(kind: Kind, name: &str) -> Self {
        Self { kind, name: name.into(), entry: None, list: 0, verified: None, is_writing: false }
    }
}
