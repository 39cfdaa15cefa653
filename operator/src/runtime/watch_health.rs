//! The watches that can't list their objects, for `/readyz`.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use ccx_service::Condition;

use crate::cache::watches::WatchName;

/// The number of watches that are named.
const MAX_NAMED: usize = 5;

/// Reports watches that can't list their objects. Clones share them.
///
/// The process stays ready: resources that do not need these objects are reconciled.
#[derive(Clone, Debug)]
pub(crate) struct WatchHealth {
    failing: Arc<Mutex<BTreeMap<WatchName, String>>>,
    condition: Option<Condition>,
}

impl WatchHealth {
    /// Reports to `condition`, if there is one.
    pub(crate) fn new(condition: Option<Condition>) -> Self {
        let health = Self { failing: Arc::default(), condition };
        health.change(BTreeMap::clear);
        health
    }

    pub(crate) fn insert(&self, watch: &WatchName, cause: &str) {
        self.change(|failing| {
            failing.insert(watch.clone(), cause.to_owned());
        });
    }

    pub(crate) fn remove(&self, watch: &WatchName) {
        self.change(|failing| {
            failing.remove(watch);
        });
    }

    fn change(&self, change: impl FnOnce(&mut BTreeMap<WatchName, String>)) {
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut failing);
        let Some(condition) = &self.condition else { return };
        match describe(&failing) {
            None => condition.ready(),
            Some(text) => condition.impaired(text),
        }
    }
}

fn describe(failing: &BTreeMap<WatchName, String>) -> Option<String> {
    let watches = failing.iter().take(MAX_NAMED).map(|(WatchName { kind, namespace }, cause)| {
        let place = namespace.as_deref().map_or("all namespaces".into(), |name| format!("namespace {name}"));
        format!("can't list {kind} in {place}: {cause}")
    });
    let mut texts: Vec<String> = watches.collect();
    if failing.len() > MAX_NAMED {
        texts.push(format!("and {} more", failing.len() - MAX_NAMED));
    }
    (!texts.is_empty()).then(|| texts.join("; "))
}

#[cfg(test)]
mod tests {
    use ccx_service::Health;

    use super::*;

    fn watch(kind: &'static str) -> WatchName {
        WatchName { kind, namespace: Some("bare".into()) }
    }

    #[test]
    fn failing_watch_is_reported_and_the_process_stays_ready() {
        let health = Health::new();
        let watches = WatchHealth::new(Some(health.condition("watches")));
        let cause = || health.readiness().dependencies[0].cause.clone();
        assert_eq!((health.readiness().is_ready(), cause()), (true, None));
        watches.insert(&watch("Secret"), "forbidden");
        let expected = "can't list Secret in namespace bare: forbidden";
        assert_eq!((health.readiness().is_ready(), cause().as_deref()), (true, Some(expected)));
        for kind in ["A", "B", "C", "D", "E"] {
            watches.insert(&watch(kind), "forbidden");
        }
        assert!(cause().is_some_and(|cause| cause.ends_with("; and 1 more")));
        for kind in ["A", "B", "C", "D", "E", "Secret"] {
            watches.remove(&watch(kind));
        }
        assert_eq!(cause(), None);
    }
}
