//! The observed objects by resource. Never writes to the cluster.
//!
//! One table in memory for all watched namespaces. No object is kept whole: a thousand resources have 25,000
//! children.

pub(crate) mod entry;
pub(crate) mod managed_fields;
pub(crate) mod partial_object;
mod pipeline_objects;
pub(crate) mod status;
pub(crate) mod watches;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use entry::ChildEntry;
use kube::core::ObjectMeta;
pub(crate) use pipeline_objects::{ChildState, Listed, PipelineObjects};
use status::PodState;

use crate::model::{
    key::Key,
    kind::Kind,
    references::{ReferencedNames, StrimziName},
};

/// The objects of all resources. Clones share one table.
#[derive(Clone, Debug, Default)]
pub(crate) struct ChildCache(Arc<Mutex<Tables>>);

#[derive(Debug, Default)]
struct Tables {
    objects: HashMap<Key, PipelineObjects>,
    /// The resources that refer to an object by its name.
    dependents: BTreeMap<Reference, Dependents>,
    /// The resources that select ConfigMaps by labels, by namespace.
    selecting: BTreeMap<Box<str>, BTreeSet<Key>>,
    /// The references of each resource: the inverse of `dependents` and `selecting`.
    referenced: HashMap<Key, ReferencedNames>,
}

/// The resources that refer to one object.
#[derive(Debug, Default)]
struct Dependents {
    keys: BTreeSet<Key>,
    /// The number of the list that contained the object last.
    list: u32,
}

/// An object that a resource can refer to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Reference {
    kind: ReferenceKind,
    namespace: Box<str>,
    name: Box<str>,
}

/// The kinds that a resource can refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ReferenceKind {
    Secret,
    ConfigMap,
    Strimzi,
}

impl ChildCache {
    /// Stores a child as it was listed or changed. Returns the resource to reconcile, if the change matters.
    pub(crate) fn record_child(
        &self,
        kind: Kind,
        metadata: &ObjectMeta,
        entry: ChildEntry,
        list: u32,
    ) -> Option<Key> {
        let name = metadata.name.as_deref()?;
        let mut tables = self.lock();
        let Some(key) = Key::from_labels(metadata) else {
            // Secrets and ConfigMaps are watched without our label: a child that lost it has to be restored.
            let key = Tables::candidates(metadata).find(|key| tables.has_child(key, kind, name))?;
            tables.objects.get_mut(&key)?.remove_child(kind, name);
            return Some(key);
        };
        let objects = tables.objects.entry(key.clone()).or_default();
        objects.record_child(kind, name, entry, list).then_some(key)
    }

    /// Removes a deleted child. Returns the resource to reconcile, unless the operator deleted the child
    /// itself.
    pub(crate) fn remove_child(&self, kind: Kind, metadata: &ObjectMeta) -> Option<Key> {
        let name = metadata.name.as_deref()?;
        let mut tables = self.lock();
        let Some(key) = Key::from_labels(metadata) else {
            // It may have been in the way of a child.
            let key = Tables::candidates(metadata).find(|key| tables.objects.contains_key(key))?;
            tables.objects.get_mut(&key)?.count_change();
            return Some(key);
        };
        let is_change = tables.objects.get_mut(&key)?.remove_child(kind, name);
        tables.drop_if_unused(&key);
        is_change.then_some(key)
    }

    /// Stores a pod as it was listed or changed. Returns the resource to reconcile, if the change matters.
    pub(crate) fn record_pod(&self, metadata: &ObjectMeta, pod: PodState, list: u32) -> Option<Key> {
        let key = Key::from_labels(metadata)?;
        let name = metadata.name.as_deref()?;
        let mut tables = self.lock();
        tables.objects.entry(key.clone()).or_default().record_pod(name, pod, list).then_some(key)
    }

    /// Removes a deleted pod. Returns the resource to reconcile.
    pub(crate) fn remove_pod(&self, metadata: &ObjectMeta) -> Option<Key> {
        let key = Key::from_labels(metadata)?;
        let name = metadata.name.as_deref()?;
        let mut tables = self.lock();
        let is_change = tables.objects.get_mut(&key)?.remove_pod(name);
        tables.drop_if_unused(&key);
        is_change.then_some(key)
    }

    /// Removes what the complete list number `list` did not contain. Returns the resources to reconcile.
    ///
    /// `namespace` is the one that was listed; all of them when absent.
    pub(crate) fn finish_list(&self, listed: Listed, namespace: Option<&str>, list: u32) -> Vec<Key> {
        let mut tables = self.lock();
        let in_scope = |key: &Key| namespace.is_none_or(|namespace| *key.namespace == *namespace);
        tables
            .objects
            .iter_mut()
            .filter(|(key, _)| in_scope(key))
            .filter_map(|(key, objects)| objects.finish_list(listed, list).then(|| key.clone()))
            .collect()
    }

    /// Marks the resources that refer to a changed object as changed, and returns them. `list` is the number
    /// of the present list.
    pub(crate) fn record_reference_change(
        &self,
        kind: ReferenceKind,
        metadata: &ObjectMeta,
        list: u32,
    ) -> Vec<Key> {
        let (Some(namespace), Some(name)) = (metadata.namespace.as_deref(), metadata.name.as_deref()) else {
            return Vec::new();
        };
        let mut tables = self.lock();
        let reference = Reference { kind, namespace: namespace.into(), name: name.into() };
        let mut keys = match tables.dependents.get_mut(&reference) {
            Some(dependents) => {
                dependents.list = list;
                dependents.keys.clone()
            }
            None => BTreeSet::new(),
        };
        if kind == ReferenceKind::ConfigMap {
            keys.extend(tables.selecting(metadata, namespace));
        }
        tables.count_changes(keys)
    }

    /// Marks the resources as changed whose referenced objects were not in the complete list number `list`,
    /// and returns them: no event reports objects that were deleted while the watch was down.
    pub(crate) fn finish_references(
        &self,
        kind: ReferenceKind,
        namespace: Option<&str>,
        list: u32,
    ) -> Vec<Key> {
        let mut tables = self.lock();
        let is_in_scope = |name: &str| namespace.is_none_or(|namespace| namespace == name);
        let unlisted = tables.dependents.iter().filter(|(reference, dependents)| {
            reference.kind == kind && is_in_scope(&reference.namespace) && dependents.list != list
        });
        let mut keys: BTreeSet<Key> =
            unlisted.flat_map(|(_, dependents)| &dependents.keys).cloned().collect();
        if kind == ReferenceKind::ConfigMap {
            let selecting = tables.selecting.iter().filter(|(namespace, _)| is_in_scope(namespace));
            keys.extend(selecting.flat_map(|(_, keys)| keys).cloned());
        }
        tables.count_changes(keys)
    }

    /// Marks all resources as changed, and returns them.
    pub(crate) fn record_change_of_all(&self) -> Vec<Key> {
        let mut tables = self.lock();
        let keys = tables.referenced.keys().cloned().collect();
        tables.count_changes(keys)
    }

    /// Stores the references of a resource.
    pub(crate) fn set_references(&self, key: &Key, names: ReferencedNames) {
        let mut tables = self.lock();
        if tables.referenced.get(key) == Some(&names) {
            return;
        }
        tables.remove_references(key);
        for reference in references(key, &names) {
            tables.dependents.entry(reference).or_default().keys.insert(key.clone());
        }
        if names.rule_config_maps.is_some() {
            tables.selecting.entry((*key.namespace).into()).or_default().insert(key.clone());
        }
        tables.referenced.insert(key.clone(), names);
    }

    /// Removes a deleted resource. Its children stay until they are deleted too.
    pub(crate) fn remove_pipeline(&self, key: &Key) {
        let mut tables = self.lock();
        tables.remove_references(key);
        tables.drop_if_unused(key);
    }

    /// Returns the number of changes of a resource's objects that matter so far.
    pub(crate) fn changes(&self, key: &Key) -> u64 {
        self.lock().objects.get(key).map_or(0, PipelineObjects::changes)
    }

    /// Reads or changes the objects of a resource. Keep it short: all watches wait for the lock.
    pub(crate) fn with<T>(&self, key: &Key, use_objects: impl FnOnce(&mut PipelineObjects) -> T) -> T {
        use_objects(self.lock().objects.entry(key.clone()).or_default())
    }

    fn lock(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tables {
    /// Returns the resources to which an object may belong by its name: children are named after their
    /// resource.
    fn candidates(metadata: &ObjectMeta) -> impl Iterator<Item = Key> + use<> {
        let name = metadata.name.clone().unwrap_or_default();
        let namespace = metadata.namespace.clone().unwrap_or_default();
        let ends: Vec<usize> = name.match_indices('-').map(|(end, _)| end).collect();
        ends.into_iter().map(move |end| Key::new(&namespace, &name[..end]))
    }

    fn count_changes(&mut self, keys: BTreeSet<Key>) -> Vec<Key> {
        for key in &keys {
            self.objects.entry(key.clone()).or_default().count_change();
        }
        keys.into_iter().collect()
    }

    fn has_child(&self, key: &Key, kind: Kind, name: &str) -> bool {
        self.objects.get(key).is_some_and(|objects| objects.entry(kind, name).is_some())
    }

    /// Drops the entry of a deleted resource once all of its objects are deleted.
    fn drop_if_unused(&mut self, key: &Key) {
        let is_unused = !self.referenced.contains_key(key)
            && self.objects.get(key).is_some_and(PipelineObjects::is_empty);
        if is_unused {
            self.objects.remove(key);
        }
    }

    fn selecting(&self, metadata: &ObjectMeta, namespace: &str) -> BTreeSet<Key> {
        let labels = metadata.labels.clone().unwrap_or_default();
        let is_selected = |key: &&Key| {
            let selector = self.referenced.get(key).and_then(|names| names.rule_config_maps.clone());
            let selector = selector.map(kube::core::Selector::try_from);
            // A selector that can't be parsed selects nothing; validation reports it.
            matches!(selector, Some(Ok(selector)) if kube::core::SelectorExt::matches(&selector, &labels))
        };
        self.selecting.get(namespace).into_iter().flatten().filter(is_selected).cloned().collect()
    }

    fn remove_references(&mut self, key: &Key) {
        let Some(names) = self.referenced.remove(key) else { return };
        for reference in references(key, &names) {
            if let Some(dependents) = self.dependents.get_mut(&reference) {
                dependents.keys.remove(key);
            }
        }
        self.dependents.retain(|_, dependents| !dependents.keys.is_empty());
        if let Some(selecting) = self.selecting.get_mut(&*key.namespace) {
            selecting.remove(key);
        }
    }
}

fn references(key: &Key, names: &ReferencedNames) -> Vec<Reference> {
    let local = |kind, name: &String| Reference {
        kind,
        namespace: (*key.namespace).into(),
        name: name.as_str().into(),
    };
    let secrets = names.secrets.iter().map(|name| local(ReferenceKind::Secret, name));
    let config_maps = names.config_maps.iter().map(|name| local(ReferenceKind::ConfigMap, name));
    let strimzi = names.strimzi.iter().map(|StrimziName { namespace, name }| Reference {
        kind: ReferenceKind::Strimzi,
        namespace: namespace.as_str().into(),
        name: name.as_str().into(),
    });
    secrets.chain(config_maps).chain(strimzi).collect()
}

#[cfg(test)]
mod tests;
