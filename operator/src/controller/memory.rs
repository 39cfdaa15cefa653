//! What is remembered of each resource between two reconciles. Nothing of it is needed: without it, the same is found out again.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use ccx_crds::{CcxPipeline, CcxPipelineStatus};
use prometheus::IntGaugeVec;

use super::key::Key;

/// For how long a status that we wrote is believed to be the newest, if no watch says so.
const PENDING_STATUS_LIFETIME: Duration = Duration::from_secs(30);

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
    /// What we wrote, until the watch has it too.
    pending: Option<(CcxPipelineStatus, Instant)>,
    failures: u32,
    /// How many looks in a row have found something on its way.
    looks: u32,
    conditions: Vec<(String, String)>,
    problems: Vec<String>,
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
    pub(crate) fn pipeline_seen(&self, pipeline: &CcxPipeline) -> bool {
        let now = essence(pipeline);
        let mut entries = self.lock();
        let entry = entries.entry(Key::of(pipeline)).or_default();
        if entry.pending.as_ref().is_some_and(|(pending, _)| Some(pending) == pipeline.status.as_ref()) {
            entry.pending = None;
        }
        std::mem::replace(&mut entry.essence, now) != now
    }

    /// The resource no longer exists.
    pub(crate) fn forget(&self, key: &Key) {
        if let Some(entry) = self.lock().remove(key) {
            self.count(&entry.conditions, -1);
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

    /// The newest status that we know: the one that we wrote, until the watch has it.
    pub(crate) fn status(&self, pipeline: &CcxPipeline) -> CcxPipelineStatus {
        let mut entries = self.lock();
        let entry = entries.entry(Key::of(pipeline)).or_default();
        entry.pending = entry.pending.take().filter(|(_, written)| written.elapsed() < PENDING_STATUS_LIFETIME);
        let pending = entry.pending.as_ref().map(|(status, _)| status.clone());
        pending.or_else(|| pipeline.status.clone()).unwrap_or_default()
    }

    /// A status was written.
    pub(crate) fn status_written(&self, key: &Key, status: CcxPipelineStatus) {
        self.lock().entry(key.clone()).or_default().pending = Some((status, Instant::now()));
    }

    /// Counts the resource by its conditions, as they are now.
    pub(crate) fn count_conditions(&self, key: &Key, status: &CcxPipelineStatus) {
        let now: Vec<_> = status.conditions.iter().map(|it| (it.type_.clone(), it.status.clone())).collect();
        let mut entries = self.lock();
        let entry = entries.entry(key.clone()).or_default();
        if entry.conditions != now {
            let before = std::mem::replace(&mut entry.conditions, now);
            self.count(&before, -1);
            self.count(&entry.conditions, 1);
        }
    }

    /// Those of `problems` that were not told of before.
    pub(crate) fn new_problems(&self, key: &Key, problems: Vec<String>) -> Vec<String> {
        let mut entries = self.lock();
        let entry = entries.entry(key.clone()).or_default();
        let before = std::mem::replace(&mut entry.problems, problems.clone());
        problems.into_iter().filter(|problem| !before.contains(problem)).collect()
    }

    fn count(&self, conditions: &[(String, String)], by: i64) {
        for (condition, status) in conditions {
            self.gauges.with_label_values(&[condition, status]).add(by);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The fingerprint of all that a person can change of a resource but its status.
pub(crate) fn essence(pipeline: &CcxPipeline) -> u64 {
    let metadata = &pipeline.metadata;
    let mut hasher = DefaultHasher::new();
    (metadata.uid.as_deref(), metadata.generation, &metadata.labels, &metadata.annotations).hash(&mut hasher);
    (&metadata.finalizers, metadata.deletion_timestamp.is_some()).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Metrics;

    fn memory() -> Memory {
        Memory::new(Metrics::new().conditions)
    }

    fn pipeline(generation: i64) -> CcxPipeline {
        let mut pipeline = CcxPipeline::new("ccx", ccx_crds::CcxPipelineSpec::default());
        pipeline.metadata.generation = Some(generation);
        pipeline
    }

    fn status(generation: i64) -> CcxPipelineStatus {
        CcxPipelineStatus { observed_generation: Some(generation), ..CcxPipelineStatus::default() }
    }

    #[test]
    fn a_new_status_is_no_change_and_a_new_generation_is_one() {
        let memory = memory();
        let mut seen = pipeline(1);
        assert!(memory.pipeline_seen(&seen));
        seen.status = Some(status(1));
        assert!(!memory.pipeline_seen(&seen));
        assert!(memory.pipeline_seen(&pipeline(2)));
    }

    #[test]
    fn the_status_that_was_written_is_the_newest_until_the_watch_has_it() {
        let memory = memory();
        let mut stale = pipeline(1);
        let key = Key::of(&stale);
        memory.status_written(&key, status(1));
        assert_eq!(memory.status(&stale), status(1));
        stale.status = Some(status(1));
        memory.pipeline_seen(&stale);
        stale.status = Some(status(7));
        assert_eq!(memory.status(&stale), status(7));
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
