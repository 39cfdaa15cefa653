//! What is remembered of each resource between two reconciles. Nothing of it is needed: without it, the same is found out again.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use ccx_crds::CcxPipelineStatus;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::core::ObjectMeta;
use prometheus::{IntGauge, IntGaugeVec};

use super::{fingerprint::Fingerprint, key::Key};

/// The memory. Clones are the same one.
#[derive(Clone, Debug)]
pub(crate) struct Memory {
    entries: Arc<Mutex<HashMap<Key, Entry>>>,
    gauges: IntGaugeVec,
}

#[derive(Debug, Default)]
struct Entry {
    /// The fingerprint of all of the resource but its status.
    essence: u64,
    settled: Option<Settled>,
    failures: u32,
    /// How many looks in a row have found something on its way.
    looks: u32,
    /// Those that count the resource, one for each of its conditions.
    gauges: Vec<IntGauge>,
    /// What was told of.
    problems: Vec<Fingerprint>,
}

/// In which state of the world there was nothing left to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settled {
    /// The resource's fingerprint.
    pub(crate) essence: u64,
    /// How many changes its objects had seen.
    pub(crate) changes: u64,
}

impl Memory {
    /// Nothing is remembered. The `gauges` count resources by condition and status.
    pub(crate) fn new(gauges: IntGaugeVec) -> Self {
        gauges.reset();
        Self { entries: Arc::default(), gauges }
    }

    /// A resource exists in this form. Whether anything but its status has changed.
    pub(crate) fn pipeline_seen(&self, metadata: &ObjectMeta) -> bool {
        let now = essence(metadata);
        let mut entries = self.lock();
        let entry = entries.entry(Key::of_metadata(metadata)).or_default();
        std::mem::replace(&mut entry.essence, now) != now
    }

    /// The resource no longer exists.
    pub(crate) fn forget(&self, key: &Key) {
        if let Some(entry) = self.lock().remove(key) {
            entry.gauges.iter().for_each(IntGauge::dec);
        }
    }

    pub(crate) fn is_settled(&self, key: &Key, now: &Settled) -> bool {
        self.lock().get(key).is_some_and(|entry| entry.settled.as_ref() == Some(now))
    }

    /// Remembers that there is nothing left to do, or that there is.
    pub(crate) fn settle(&self, key: &Key, settled: Option<Settled>) {
        self.lock().entry(key.clone()).or_default().settled = settled;
    }

    /// How many reconciles in a row have failed, with this one.
    pub(crate) fn failed(&self, key: &Key) -> u32 {
        let mut entries = self.lock();
        let entry = entries.entry(key.clone()).or_default();
        entry.failures = entry.failures.saturating_add(1);
        entry.settled = None;
        entry.failures
    }

    /// Something is on its way. How many looks in a row have found so before.
    pub(crate) fn looked(&self, key: &Key) -> u32 {
        let mut entries = self.lock();
        let entry = entries.entry(key.clone()).or_default();
        entry.looks = entry.looks.saturating_add(1);
        entry.looks - 1
    }

    /// Nothing is on its way, or it has come further.
    pub(crate) fn moved(&self, key: &Key) {
        self.lock().entry(key.clone()).or_default().looks = 0;
    }

    pub(crate) fn succeeded(&self, key: &Key) {
        self.lock().entry(key.clone()).or_default().failures = 0;
    }

    /// Counts the resource by its conditions, as they are now.
    pub(crate) fn count_conditions(&self, key: &Key, status: &CcxPipelineStatus) {
        let gauge =
            |condition: &Condition| self.gauges.with_label_values(&[&condition.type_, &condition.status]);
        let now: Vec<_> = status.conditions.iter().map(gauge).collect();
        now.iter().for_each(IntGauge::inc);
        let mut entries = self.lock();
        let before = std::mem::replace(&mut entries.entry(key.clone()).or_default().gauges, now);
        before.iter().for_each(IntGauge::dec);
    }

    /// Those of `problems` that were not told of before.
    pub(crate) fn new_problems(&self, key: &Key, problems: Vec<String>) -> Vec<String> {
        let now = problems.iter().map(|problem| Fingerprint::of(problem.as_str())).collect();
        let before = std::mem::replace(&mut self.lock().entry(key.clone()).or_default().problems, now);
        problems.into_iter().filter(|problem| !before.contains(&Fingerprint::of(problem.as_str()))).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The fingerprint of all that a person can change of a resource but its status.
pub(crate) fn essence(metadata: &ObjectMeta) -> u64 {
    let mut hasher = DefaultHasher::new();
    (metadata.uid.as_deref(), metadata.generation, &metadata.labels, &metadata.annotations).hash(&mut hasher);
    (&metadata.finalizers, metadata.deletion_timestamp.is_some()).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::metrics::Metrics;

    fn memory() -> Memory {
        Memory::new(Metrics::new().conditions)
    }

    fn metadata(generation: i64, version: &str) -> ObjectMeta {
        ObjectMeta {
            generation: Some(generation),
            resource_version: Some(version.into()),
            ..ObjectMeta::default()
        }
    }

    #[test]
    fn a_new_status_is_no_change_and_a_new_generation_is_one() {
        let memory = memory();
        assert!(memory.pipeline_seen(&metadata(1, "1")));
        assert!(!memory.pipeline_seen(&metadata(1, "2")));
        assert!(memory.pipeline_seen(&metadata(2, "3")));
    }

    #[test]
    fn a_resource_is_counted_by_its_newest_conditions_until_it_is_gone() {
        let memory = memory();
        let key = Key::new("ns", "ccx");
        let ready = |status: &str| {
            let condition = json!({"type": "Ready", "status": status, "reason": "r", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"});
            serde_json::from_value(json!({"conditions": [condition]})).unwrap()
        };
        let counted =
            || ["True", "False"].map(|status| memory.gauges.with_label_values(&["Ready", status]).get());
        memory.count_conditions(&key, &ready("False"));
        memory.count_conditions(&key, &ready("True"));
        memory.count_conditions(&key, &ready("True"));
        assert_eq!(counted(), [1, 0]);
        memory.forget(&key);
        assert_eq!(counted(), [0, 0]);
    }

    #[test]
    fn settled_is_forgotten_with_any_change_and_any_failure() {
        let memory = memory();
        let key = Key::new("ns", "ccx");
        let settled = Settled { essence: 1, changes: 1 };
        memory.settle(&key, Some(settled.clone()));
        assert!(memory.is_settled(&key, &settled));
        assert!(!memory.is_settled(&key, &Settled { changes: 2, ..settled.clone() }));
        assert_eq!(memory.failed(&key), 1);
        assert!(!memory.is_settled(&key, &settled));
    }

    #[test]
    fn a_problem_is_told_of_once_while_it_lasts() {
        let memory = memory();
        let key = Key::new("ns", "ccx");
        let problems = || vec!["a".to_owned()];
        assert_eq!(memory.new_problems(&key, problems()), problems());
        assert!(memory.new_problems(&key, problems()).is_empty());
        memory.new_problems(&key, Vec::new());
        assert_eq!(memory.new_problems(&key, problems()), problems());
    }
}
