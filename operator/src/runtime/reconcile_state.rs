//! State of each resource between two reconciles. In memory only; safe to lose.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use ccx_crds::CcxPipelineStatus;
use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Condition, jiff::Timestamp};
use kube::core::ObjectMeta;
use prometheus::{IntGauge, IntGaugeVec};

use super::{claim::ObservedClaim, damping::Corrections};
use crate::model::{hash64::Hash64, key::Key, kind::Kind, problem::Problem};

/// The state of all resources. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct ReconcileState {
    entries: Arc<Mutex<HashMap<Key, Entry>>>,
    gauges: IntGaugeVec,
}

#[derive(Debug, Default)]
struct Entry {
    /// The hash of the resource without its status.
    spec_hash: u64,
    up_to_date: Option<UpToDate>,
    /// The time after which the resource is reconciled although nothing has changed.
    valid_until: Option<Timestamp>,
    failures: u32,
    /// Polls in a row that found the resource in progress.
    polls: u32,
    /// The gauges that count the resource, one for each of its conditions.
    gauges: Vec<IntGauge>,
    /// The recent corrections of children.
    corrections: HashMap<(Kind, Box<str>), Corrections>,
    /// The claim of another operator.
    claim: Option<ObservedClaim>,
    /// The problems of the last reconcile.
    problems: Vec<Hash64>,
}

/// The state in which a resource was up to date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UpToDate {
    /// The hash of the resource without its status.
    pub(crate) spec_hash: u64,
    /// The number of changes of its objects.
    pub(crate) changes: u64,
}

/// The result of comparing all resources that were up to date with their present state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CheckedResources {
    /// The number of resources that are still up to date.
    pub(crate) up_to_date: u32,
    /// The resources that have changed since.
    pub(crate) outdated: Vec<Key>,
}

impl Entry {
    /// Whether the time has passed until which the resource is up to date by itself.
    fn is_overdue(&self, now: Timestamp) -> bool {
        self.valid_until.is_some_and(|until| until <= now)
    }
}

impl ReconcileState {
    /// Returns an empty state. The `gauges` count resources by condition and status.
    pub(crate) fn new(gauges: IntGaugeVec) -> Self {
        gauges.reset();
        Self { entries: Arc::default(), gauges }
    }

    /// Stores the hash of a resource. Returns whether anything but its status has changed.
    pub(crate) fn record_pipeline(&self, metadata: &ObjectMeta) -> bool {
        let now = spec_hash(metadata);
        let mut entries = self.lock();
        let entry = entries.entry(Key::from_metadata(metadata)).or_default();
        std::mem::replace(&mut entry.spec_hash, now) != now
    }

    /// Removes a deleted resource.
    pub(crate) fn remove(&self, key: &Key) {
        if let Some(entry) = self.lock().remove(key) {
            entry.gauges.iter().for_each(IntGauge::dec);
        }
    }

    pub(crate) fn is_up_to_date(&self, key: &Key, now: &UpToDate) -> bool {
        self.lock().get(key).is_some_and(|entry| {
            entry.up_to_date.as_ref() == Some(now) && !entry.is_overdue(Timestamp::now())
        })
    }

    /// Compares the resources that were up to date with their present state: `changes` returns the number of
    /// changes of a resource's objects.
    pub(crate) fn check_up_to_date(&self, changes: impl Fn(&Key) -> u64) -> CheckedResources {
        let now = Timestamp::now();
        let mut checked = CheckedResources::default();
        for (key, entry) in &*self.lock() {
            let Some(before) = &entry.up_to_date else { continue };
            let present = UpToDate { spec_hash: entry.spec_hash, changes: changes(key) };
            if *before == present && !entry.is_overdue(now) {
                checked.up_to_date += 1;
            } else {
                checked.outdated.push(key.clone());
            }
        }
        checked
    }

    /// Stores the state in which the resource was up to date, `None` when it is not; and the time until which it
    /// stays so by itself.
    pub(crate) fn set_up_to_date(&self, key: &Key, state: Option<UpToDate>, valid_until: Option<Timestamp>) {
        self.update(key, |entry| (entry.up_to_date, entry.valid_until) = (state, valid_until));
    }

    /// Counts a failure. Returns the number of failures in a row.
    pub(crate) fn record_failure(&self, key: &Key) -> u32 {
        self.update(key, |entry| {
            entry.failures = entry.failures.saturating_add(1);
            entry.up_to_date = None;
            entry.failures
        })
    }

    pub(crate) fn reset_failures(&self, key: &Key) {
        self.update(key, |entry| entry.failures = 0);
    }

    /// Counts a poll of a resource in progress. Returns the number of polls in a row before it.
    pub(crate) fn record_poll(&self, key: &Key) -> u32 {
        self.update(key, |entry| {
            entry.polls = entry.polls.saturating_add(1);
            entry.polls - 1
        })
    }

    pub(crate) fn reset_polls(&self, key: &Key) {
        self.update(key, |entry| entry.polls = 0);
    }

    /// Counts the resource by its present conditions.
    pub(crate) fn count_conditions(&self, key: &Key, status: &CcxPipelineStatus) {
        let gauge =
            |condition: &Condition| self.gauges.with_label_values(&[&condition.type_, &condition.status]);
        let now: Vec<_> = status.conditions.iter().map(gauge).collect();
        self.update(key, |entry| {
            now.iter().for_each(IntGauge::inc);
            std::mem::replace(&mut entry.gauges, now).iter().for_each(IntGauge::dec);
        });
    }

    /// Records the last renewal of the operator that claims a resource. Returns whether its claim is abandoned.
    pub(crate) fn is_claim_abandoned(
        &self,
        key: &Key,
        renewal: Hash64,
        takeover: Duration,
        now: Instant,
    ) -> bool {
        self.update(key, |entry| {
            let claim = ObservedClaim::observe(entry.claim, renewal, now);
            entry.claim = Some(claim);
            claim.is_abandoned(takeover, now)
        })
    }

    /// Whether the next correction of a child has to wait, because another client keeps changing it.
    pub(crate) fn is_contested(&self, key: &Key, kind: Kind, name: &str) -> bool {
        let corrections = self.update(key, |entry| entry.corrections.get(&(kind, name.into())).copied());
        corrections.is_some_and(|corrections| corrections.must_wait(Instant::now()))
    }

    /// Counts a correction of a child.
    pub(crate) fn record_correction(&self, key: &Key, kind: Kind, name: &str) {
        self.update(key, |entry| {
            let child = (kind, name.into());
            let before = entry.corrections.get(&child).copied();
            entry.corrections.insert(child, Corrections::record(before, Instant::now()));
        });
    }

    /// Stores the problems of a reconcile. Returns those that the previous reconcile did not have.
    pub(crate) fn record_problems(&self, key: &Key, problems: &[Problem]) -> Vec<Problem> {
        let now = problems.iter().map(Hash64::new).collect();
        let before = self.update(key, |entry| std::mem::replace(&mut entry.problems, now));
        problems.iter().filter(|problem| !before.contains(&Hash64::new(*problem))).cloned().collect()
    }

    /// Changes the state of a resource. One that was deleted while its reconcile ran has none.
    fn update<T: Default>(&self, key: &Key, change: impl FnOnce(&mut Entry) -> T) -> T {
        self.lock().get_mut(key).map(change).unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the hash of everything that a user can change of a resource but its status.
pub(crate) fn spec_hash(metadata: &ObjectMeta) -> u64 {
    let mut hasher = DefaultHasher::new();
    (metadata.uid.as_deref(), metadata.generation, &metadata.labels, &metadata.annotations).hash(&mut hasher);
    (&metadata.finalizers, metadata.deletion_timestamp.is_some()).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{model::reason::Reason, runtime::metrics::Metrics};

    fn state() -> ReconcileState {
        ReconcileState::new(Metrics::new().conditions)
    }

    /// Returns the state of one resource.
    fn state_of(key: &Key) -> ReconcileState {
        let state = state();
        assert_eq!(Key::from_metadata(&metadata(1, "1")), *key);
        state.record_pipeline(&metadata(1, "1"));
        state
    }

    fn metadata(generation: i64, version: &str) -> ObjectMeta {
        ObjectMeta {
            namespace: Some("ns".into()),
            name: Some("ccx".into()),
            generation: Some(generation),
            resource_version: Some(version.into()),
            ..ObjectMeta::default()
        }
    }

    #[test]
    fn status_change_is_no_change_and_new_generation_is_one() {
        let state = state();
        assert!(state.record_pipeline(&metadata(1, "1")));
        assert!(!state.record_pipeline(&metadata(1, "2")));
        assert!(state.record_pipeline(&metadata(2, "3")));
    }

    #[test]
    fn resource_is_counted_by_its_newest_conditions_until_removed() {
        let key = Key::new("ns", "ccx");
        let state = state_of(&key);
        let ready = |status: &str| {
            let condition = json!({"type": "Ready", "status": status, "reason": "r", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"});
            serde_json::from_value(json!({"conditions": [condition]})).unwrap()
        };
        let counted =
            || ["True", "False"].map(|status| state.gauges.with_label_values(&["Ready", status]).get());
        state.count_conditions(&key, &ready("False"));
        state.count_conditions(&key, &ready("True"));
        state.count_conditions(&key, &ready("True"));
        assert_eq!(counted(), [1, 0]);
        state.remove(&key);
        assert_eq!(counted(), [0, 0]);
        state.count_conditions(&key, &ready("True"));
        assert_eq!(counted(), [0, 0], "its last reconcile ended after its deletion");
    }

    #[test]
    fn up_to_date_state_is_invalid_after_any_change_or_failure() {
        let key = Key::new("ns", "ccx");
        let state = state_of(&key);
        let up_to_date = UpToDate { spec_hash: 1, changes: 1 };
        state.set_up_to_date(&key, Some(up_to_date.clone()), None);
        assert!(state.is_up_to_date(&key, &up_to_date));
        assert!(!state.is_up_to_date(&key, &UpToDate { changes: 2, ..up_to_date.clone() }));
        assert_eq!(state.record_failure(&key), 1);
        assert!(!state.is_up_to_date(&key, &up_to_date));
    }

    #[test]
    fn up_to_date_state_is_invalid_after_its_time() {
        let key = Key::new("ns", "ccx");
        let state = state_of(&key);
        let up_to_date = UpToDate { spec_hash: 1, changes: 1 };
        state.set_up_to_date(&key, Some(up_to_date.clone()), Some(Timestamp::MAX));
        assert!(state.is_up_to_date(&key, &up_to_date));
        state.set_up_to_date(&key, Some(up_to_date.clone()), Some(Timestamp::UNIX_EPOCH));
        assert!(!state.is_up_to_date(&key, &up_to_date));
    }

    #[test]
    fn problem_is_new_once_while_it_lasts() {
        let key = Key::new("ns", "ccx");
        let state = state_of(&key);
        let problems = [Problem::new(Reason::Conflict, "a")];
        assert_eq!(state.record_problems(&key, &problems), problems);
        assert!(state.record_problems(&key, &problems).is_empty());
        state.record_problems(&key, &[]);
        assert_eq!(state.record_problems(&key, &problems), problems);
    }

    #[test]
    fn check_finds_resources_that_changed_or_whose_time_has_passed() {
        let key = Key::new("ns", "ccx");
        let state = state_of(&key);
        let all = |changes| state.check_up_to_date(|_| changes);
        assert_eq!(all(1), CheckedResources::default(), "its reconcile is to come, or was put off");
        let up_to_date = UpToDate { spec_hash: spec_hash(&metadata(1, "1")), changes: 1 };
        state.set_up_to_date(&key, Some(up_to_date.clone()), None);
        let outdated = CheckedResources { up_to_date: 0, outdated: vec![key.clone()] };
        assert_eq!(all(1), CheckedResources { up_to_date: 1, outdated: Vec::new() });
        assert_eq!(all(2), outdated);
        state.set_up_to_date(&key, Some(up_to_date), Some(Timestamp::UNIX_EPOCH));
        assert_eq!(all(1), outdated);
        state.remove(&key);
        assert_eq!(all(1), CheckedResources::default());
    }
}
