//! What the watches have seen, by resource. A table in memory, made small: no object is kept whole.

mod family;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use kube::core::ObjectMeta;

use super::{facts::PodFacts, key::Key, record::Record};
use crate::{
    kind::Kind,
    references::{StrimziName, Wanted},
};

pub(crate) use family::{Family, Knowledge, Seen};

/// The table. Clones are the same table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Observed(Arc<Mutex<Tables>>);

#[derive(Debug, Default)]
struct Tables {
    families: HashMap<Key, Family>,
    /// Who depends on the object of this kind, namespace and name.
    dependents: BTreeMap<Reference, BTreeSet<Key>>,
    /// Who depends on ConfigMaps by their labels, in this namespace.
    selecting: BTreeMap<Box<str>, BTreeSet<Key>>,
    /// The other way round, to forget.
    wanted: HashMap<Key, Wanted>,
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

impl Observed {
    /// A child exists in this form. The resource whose reconcile is due, if it matters.
    pub(crate) fn child_seen(
        &self,
        kind: Kind,
        metadata: &ObjectMeta,
        record: Record,
        sweep: u32,
    ) -> Option<Key> {
        let key = Key::of_child(metadata)?;
        let name = metadata.name.as_deref()?;
        let mut tables = self.lock();
        let family = tables.families.entry(key.clone()).or_default();
        family.child_seen(kind, name, record, sweep).then_some(key)
    }

    /// A child is gone.
    pub(crate) fn child_gone(&self, kind: Kind, metadata: &ObjectMeta) -> Option<Key> {
        let key = Key::of_child(metadata)?;
        let name = metadata.name.as_deref()?;
        let mut tables = self.lock();
        let is_missed = tables.families.get_mut(&key)?.child_gone(kind, name);
        tables.drop_if_over(&key);
        is_missed.then_some(key)
    }

    /// A pod exists in this form.
    pub(crate) fn pod_seen(&self, metadata: &ObjectMeta, facts: PodFacts, sweep: u32) -> Option<Key> {
        let key = Key::of_pod(metadata)?;
        let name = metadata.name.as_deref()?;
        let mut tables = self.lock();
        tables.families.entry(key.clone()).or_default().pod_seen(name, facts, sweep).then_some(key)
    }

    /// A pod is gone.
    pub(crate) fn pod_gone(&self, metadata: &ObjectMeta) -> Option<Key> {
        let key = Key::of_pod(metadata)?;
        let name = metadata.name.as_deref()?;
        let mut tables = self.lock();
        let is_missed = tables.families.get_mut(&key)?.pod_gone(name);
        tables.drop_if_over(&key);
        is_missed.then_some(key)
    }

    /// All objects have been listed anew: what was seen before `sweep` and not since is gone. The resources that miss something.
    pub(crate) fn swept(&self, seen: Seen, sweep: u32) -> Vec<Key> {
        let mut tables = self.lock();
        tables
            .families
            .iter_mut()
            .filter_map(|(key, family)| family.swept(seen, sweep).then(|| key.clone()))
            .collect()
    }

    /// Who must look again as this object has changed. Their families are marked as changed.
    pub(crate) fn reference_changed(&self, kind: ReferenceKind, metadata: &ObjectMeta) -> Vec<Key> {
        let (Some(namespace), Some(name)) = (metadata.namespace.as_deref(), metadata.name.as_deref()) else {
            return Vec::new();
        };
        let mut tables = self.lock();
        let reference = Reference { kind, namespace: namespace.into(), name: name.into() };
        let mut dependents = tables.dependents.get(&reference).cloned().unwrap_or_default();
        if kind == ReferenceKind::ConfigMap {
            dependents.extend(tables.selecting_of(metadata, namespace));
        }
        for key in &dependents {
            tables.families.entry(key.clone()).or_default().changed();
        }
        dependents.into_iter().collect()
    }

    /// Remembers what a resource refers to.
    pub(crate) fn depend(&self, key: &Key, wanted: Wanted) {
        let mut tables = self.lock();
        if tables.wanted.get(key) == Some(&wanted) {
            return;
        }
        tables.forget_references(key);
        for reference in references(key, &wanted) {
            tables.dependents.entry(reference).or_default().insert(key.clone());
        }
        if wanted.rule_config_maps.is_some() {
            tables.selecting.entry((*key.namespace).into()).or_default().insert(key.clone());
        }
        tables.wanted.insert(key.clone(), wanted);
    }

    /// The resource no longer exists. What is left of its children stays known.
    pub(crate) fn forget(&self, key: &Key) {
        let mut tables = self.lock();
        tables.forget_references(key);
        tables.drop_if_over(key);
    }

    /// Reads or changes what is known of a resource's objects. Short: all watches wait for it.
    pub(crate) fn with<T>(&self, key: &Key, use_it: impl FnOnce(&mut Family) -> T) -> T {
        use_it(self.lock().families.entry(key.clone()).or_default())
    }

    fn lock(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tables {
    /// Forgets the family of a resource that no longer exists, when nothing is left of it.
    fn drop_if_over(&mut self, key: &Key) {
        let is_over = !self.wanted.contains_key(key) && self.families.get(key).is_some_and(Family::is_empty);
        if is_over {
            self.families.remove(key);
        }
    }

    fn selecting_of(&self, metadata: &ObjectMeta, namespace: &str) -> BTreeSet<Key> {
        let labels = metadata.labels.clone().unwrap_or_default();
        let is_selected = |key: &&Key| {
            let selector = self.wanted.get(key).and_then(|wanted| wanted.rule_config_maps.clone());
            let selector = selector.map(kube::core::Selector::try_from);
            // A selector that can't be read selects nothing here; validation says what is wrong with it.
            matches!(selector, Some(Ok(selector)) if kube::core::SelectorExt::matches(&selector, &labels))
        };
        self.selecting.get(namespace).into_iter().flatten().filter(is_selected).cloned().collect()
    }

    fn forget_references(&mut self, key: &Key) {
        let Some(wanted) = self.wanted.remove(key) else { return };
        for reference in references(key, &wanted) {
            if let Some(dependents) = self.dependents.get_mut(&reference) {
                dependents.remove(key);
            }
        }
        self.dependents.retain(|_, dependents| !dependents.is_empty());
        if let Some(selecting) = self.selecting.get_mut(&*key.namespace) {
            selecting.remove(key);
        }
    }
}

fn references(key: &Key, wanted: &Wanted) -> Vec<Reference> {
    let local = |kind, name: &String| Reference {
        kind,
        namespace: (*key.namespace).into(),
        name: name.as_str().into(),
    };
    let secrets = wanted.secrets.iter().map(|name| local(ReferenceKind::Secret, name));
    let config_maps = wanted.config_maps.iter().map(|name| local(ReferenceKind::ConfigMap, name));
    let strimzi = wanted.strimzi.iter().map(|StrimziName { namespace, name }| Reference {
        kind: ReferenceKind::Strimzi,
        namespace: namespace.as_str().into(),
        name: name.as_str().into(),
    });
    secrets.chain(config_maps).chain(strimzi).collect()
}

#[cfg(test)]
mod tests;
