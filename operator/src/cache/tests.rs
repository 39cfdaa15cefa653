use serde_json::json;

use super::*;
use crate::{
    cache::{
        managed_fields::ownership,
        status::{ChildStatus, Rollout},
    },
    model::hash64::Hash64,
};

fn child(name: &str, version: u64, fields: &str) -> ObjectMeta {
    serde_json::from_value(json!({
        "namespace": "ns", "name": name, "uid": name, "resourceVersion": version.to_string(),
        "labels": {"ccx.openshift.io/pipeline": "ccx"},
        "managedFields": [{"manager": "ccx-operator", "operation": "Apply", "fieldsV1": {fields: {}}}],
    }))
    .unwrap()
}

fn key() -> Key {
    Key::new("ns", "ccx")
}

fn entry(metadata: &ObjectMeta, facts: ChildStatus) -> ChildEntry {
    ChildEntry::new(metadata, ownership(metadata), facts)
}

fn see(cache: &ChildCache, metadata: &ObjectMeta) -> Option<Key> {
    cache.record_child(Kind::Service, metadata, entry(metadata, ChildStatus::None), 1)
}

/// Records a child as found or written as desired.
fn verify(cache: &ChildCache, metadata: &ObjectMeta) -> bool {
    let record = entry(metadata, ChildStatus::None);
    cache.with(&key(), |objects| objects.set_verified(Kind::Service, "a", record, Hash64::new("hash")))
}

fn knowledge(cache: &ChildCache, hash: &str) -> ChildState {
    cache.with(&key(), |objects| objects.child_state(Kind::Service, "a", Hash64::new(hash)))
}

#[test]
fn child_is_current_while_own_fields_and_desired_hash_are_unchanged() {
    let cache = ChildCache::default();
    verify(&cache, &child("a", 1, "f:x"));
    assert_eq!(knowledge(&cache, "hash"), ChildState::UpToDate);
    assert_eq!(knowledge(&cache, "other"), ChildState::Unknown);
    assert_eq!(see(&cache, &child("a", 2, "f:x")), None, "only the version is new");
    assert_eq!(knowledge(&cache, "hash"), ChildState::UpToDate);
    assert_eq!(see(&cache, &child("a", 3, "f:y")), Some(key()));
    assert_eq!(knowledge(&cache, "hash"), ChildState::Unknown);
}

#[test]
fn own_write_is_no_change_in_either_order() {
    for is_watch_first in [true, false] {
        let cache = ChildCache::default();
        see(&cache, &child("a", 1, "f:x"));
        let changes = cache.with(&key(), |objects| objects.changes());
        cache.with(&key(), |objects| objects.begin_write(Kind::Service, "a"));
        let written = child("a", 2, "f:y");
        if is_watch_first {
            assert_eq!(see(&cache, &written), None);
            assert!(!verify(&cache, &written));
        } else {
            assert!(!verify(&cache, &written));
            assert_eq!(see(&cache, &written), None);
        }
        assert_eq!(cache.with(&key(), |objects| objects.changes()), changes);
        assert_eq!(knowledge(&cache, "hash"), ChildState::UpToDate);
    }
}

/// Returns whether the status of a child is current, after a write of ours that changed its generation from 1
/// to this one.
fn is_observed_after_a_write(generation: i64) -> bool {
    let cache = ChildCache::default();
    let with_generation =
        |version, generation| ObjectMeta { generation: Some(generation), ..child("a", version, "f:x") };
    let rollout = ChildStatus::Rollout(Box::new(Rollout { is_observed: true, ..Rollout::default() }));
    let metadata = with_generation(1, 1);
    cache.record_child(Kind::Service, &metadata, entry(&metadata, rollout), 1);
    cache.with(&key(), |objects| objects.begin_write(Kind::Service, "a"));
    verify(&cache, &with_generation(2, generation));
    cache.with(&key(), |objects| match objects.status(Kind::Service, "a") {
        Some(ChildStatus::Rollout(rollout)) => rollout.is_observed,
        other => panic!("{other:?}"),
    })
}

#[test]
fn rollout_status_is_outdated_after_a_change_of_the_spec() {
    assert!(!is_observed_after_a_write(2));
    assert!(is_observed_after_a_write(1), "a write of a label alone rolls nothing out");
}

#[test]
fn foreign_change_during_a_write_is_detected() {
    let cache = ChildCache::default();
    cache.with(&key(), |objects| objects.begin_write(Kind::Service, "a"));
    see(&cache, &child("a", 3, "f:z"));
    assert!(verify(&cache, &child("a", 2, "f:y")), "their change is newer than our write");
    assert_eq!(knowledge(&cache, "hash"), ChildState::Unknown);
}

#[test]
fn deleted_child_is_missed_unless_deleted_by_the_operator() {
    let cache = ChildCache::default();
    cache.set_references(&key(), ReferencedNames::default());
    let metadata = child("a", 1, "f:x");
    verify(&cache, &metadata);
    assert_eq!(cache.remove_child(Kind::Service, &metadata), Some(key()));
    assert_eq!(knowledge(&cache, "hash"), ChildState::Deleted);
    verify(&cache, &metadata);
    cache.with(&key(), |objects| objects.forget_child(Kind::Service, "a"));
    assert_eq!(cache.remove_child(Kind::Service, &metadata), None);
    assert_eq!(knowledge(&cache, "hash"), ChildState::Unknown);
}

#[test]
fn child_that_lost_its_label_is_reconciled() {
    let cache = ChildCache::default();
    let metadata = child("ccx-a", 1, "f:x");
    let entry_of = |metadata: &ObjectMeta| entry(metadata, ChildStatus::None);
    cache.record_child(Kind::Secret, &metadata, entry_of(&metadata), 1);
    let unlabelled = ObjectMeta { labels: None, ..metadata };
    assert_eq!(cache.record_child(Kind::Secret, &unlabelled, entry_of(&unlabelled), 1), Some(key()));
    assert_eq!(
        cache.record_child(Kind::Secret, &unlabelled, entry_of(&unlabelled), 1),
        None,
        "not a child any more"
    );
    assert_eq!(cache.remove_child(Kind::Secret, &unlabelled), Some(key()), "it may have been in the way");
}

#[test]
fn deleted_resource_without_children_is_removed() {
    let cache = ChildCache::default();
    let metadata = child("a", 1, "f:x");
    cache.set_references(&key(), ReferencedNames::default());
    see(&cache, &metadata);
    cache.remove_pipeline(&key());
    assert_eq!(cache.lock().objects.len(), 1, "its child is still there");
    cache.remove_child(Kind::Service, &metadata);
    assert_eq!(cache.lock().objects.len(), 0);
}

#[test]
fn object_absent_from_a_new_list_is_removed() {
    let cache = ChildCache::default();
    see(&cache, &child("a", 1, "f:x"));
    let metadata = child("b", 1, "f:x");
    see(&cache, &metadata);
    cache.record_child(Kind::Service, &metadata, entry(&metadata, ChildStatus::None), 2);
    assert_eq!(cache.finish_list(Listed::Children(Kind::Service), None, 2), [key()]);
    let names: Vec<String> =
        cache.with(&key(), |objects| objects.entries().map(|(_, name, _)| name.to_owned()).collect());
    assert_eq!(names, ["b"]);
    assert!(cache.finish_list(Listed::Children(Kind::Service), None, 2).is_empty());
}

#[test]
fn changed_reference_concerns_only_its_users() {
    let cache = ChildCache::default();
    let metadata = |name: &str| ObjectMeta {
        namespace: Some("ns".into()),
        name: Some(name.into()),
        ..ObjectMeta::default()
    };
    let wanted =
        |name: &str| ReferencedNames { secrets: [name.to_owned()].into(), ..ReferencedNames::default() };
    cache.set_references(&key(), wanted("first"));
    cache.set_references(&Key::new("ns", "other"), wanted("second"));
    let due = |name: &str| cache.record_reference_change(ReferenceKind::Secret, &metadata(name), 1);
    assert_eq!(due("first"), [key()]);
    assert!(cache.record_reference_change(ReferenceKind::ConfigMap, &metadata("first"), 1).is_empty());
    cache.set_references(&key(), wanted("third"));
    assert!(due("first").is_empty());
    assert_eq!(due("third"), [key()]);
    cache.remove_pipeline(&key());
    assert!(due("third").is_empty());
}

#[test]
fn config_maps_are_found_by_their_labels() {
    let cache = ChildCache::default();
    let selector = serde_json::from_value(json!({"matchLabels": {"rules": "mine"}})).unwrap();
    cache.set_references(
        &key(),
        ReferencedNames { rule_config_maps: Some(selector), ..ReferencedNames::default() },
    );
    let due = |namespace: &str, rules: &str| {
        let metadata = json!({"namespace": namespace, "name": "a", "labels": {"rules": rules}});
        cache.record_reference_change(ReferenceKind::ConfigMap, &serde_json::from_value(metadata).unwrap(), 1)
    };
    assert_eq!(due("ns", "mine"), [key()]);
    assert!(due("ns", "theirs").is_empty() && due("elsewhere", "mine").is_empty());
}

#[test]
fn child_of_a_deleted_resource_of_the_same_name_is_not_missed() {
    let cache = ChildCache::default();
    let belongs_to = |uid| cache.with(&key(), |objects| objects.set_owner(Some(uid)));
    cache.set_references(&key(), ReferencedNames::default());
    belongs_to("1");
    verify(&cache, &child("a", 1, "f:x"));
    cache.remove_child(Kind::Service, &child("a", 1, "f:x"));
    belongs_to("1");
    assert_eq!(knowledge(&cache, "hash"), ChildState::Deleted);
    belongs_to("2");
    assert_eq!(knowledge(&cache, "hash"), ChildState::Unknown);
}

#[test]
fn retained_child_is_read_again_for_a_new_resource_of_the_same_name() {
    let cache = ChildCache::default();
    verify(&cache, &child("a", 1, "f:x"));
    cache.with(&key(), |objects| objects.set_owner(Some("2")));
    assert_eq!(knowledge(&cache, "hash"), ChildState::Unknown);
    assert!(cache.with(&key(), |objects| objects.entry(Kind::Service, "a").is_some()));
}

#[test]
fn reference_deleted_while_the_watch_was_down_changes_its_dependents() {
    let cache = ChildCache::default();
    let secrets = ["kept".to_owned(), "deleted".to_owned()];
    let names =
        |secret: &String| ReferencedNames { secrets: [secret.clone()].into(), ..ReferencedNames::default() };
    let keys = ["a", "b"].map(|name| Key::new("ns", name));
    for (key, secret) in keys.iter().zip(&secrets) {
        cache.set_references(key, names(secret));
    }
    let metadata = |name: &str| ObjectMeta {
        namespace: Some("ns".into()),
        name: Some(name.into()),
        ..ObjectMeta::default()
    };
    for secret in &secrets {
        cache.record_reference_change(ReferenceKind::Secret, &metadata(secret), 1);
    }
    assert_eq!(cache.finish_references(ReferenceKind::Secret, None, 1), []);
    cache.record_reference_change(ReferenceKind::Secret, &metadata("kept"), 2);
    assert_eq!(cache.finish_references(ReferenceKind::Secret, Some("other"), 2), []);
    let before = cache.with(&keys[1], |objects| objects.changes());
    assert_eq!(cache.finish_references(ReferenceKind::Secret, Some("ns"), 2), [keys[1].clone()]);
    assert_eq!(cache.with(&keys[1], |objects| objects.changes()), before + 1);
}

#[test]
fn change_of_all_is_one_of_every_resource() {
    let cache = ChildCache::default();
    let key = Key::new("ns", "a");
    cache.set_references(&key, ReferencedNames::default());
    assert_eq!(cache.record_change_of_all(), [key]);
}
