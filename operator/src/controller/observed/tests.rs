use serde_json::json;

use super::*;
use crate::controller::{
    facts::{Facts, Rollout},
    fingerprint::Fingerprint,
    ownership::ownership,
};

fn child(name: &str, version: u64, fields: &str) -> ObjectMeta {
    serde_json::from_value(json!({
        "namespace": "ns", "name": name, "uid": name, "resourceVersion": version.to_string(),
        "labels": {"app.kubernetes.io/managed-by": "ccx-operator", "app.kubernetes.io/instance": "ccx"},
        "managedFields": [{"manager": "ccx-operator", "operation": "Apply", "fieldsV1": {fields: {}}}],
    }))
    .unwrap()
}

fn key() -> Key {
    Key::new("ns", "ccx")
}

fn record(metadata: &ObjectMeta, facts: Facts) -> Record {
    Record::new(metadata, ownership(metadata), facts)
}

fn see(observed: &Observed, metadata: &ObjectMeta) -> Option<Key> {
    observed.child_seen(Kind::Service, metadata, record(metadata, Facts::None), 1)
}

/// Found or written by us, and right.
fn verify(observed: &Observed, metadata: &ObjectMeta) -> bool {
    let record = record(metadata, Facts::None);
    observed.with(&key(), |family| family.verified(Kind::Service, "a", record, Fingerprint::of("hash")))
}

fn knowledge(observed: &Observed, hash: &str) -> Knowledge {
    observed.with(&key(), |family| family.knowledge(Kind::Service, "a", Fingerprint::of(hash)))
}

#[test]
fn a_child_is_settled_while_nobody_touches_our_fields_and_we_want_the_same() {
    let observed = Observed::default();
    verify(&observed, &child("a", 1, "f:x"));
    assert_eq!(knowledge(&observed, "hash"), Knowledge::Settled);
    assert_eq!(knowledge(&observed, "other"), Knowledge::Unknown);
    assert_eq!(see(&observed, &child("a", 2, "f:x")), None, "only the version is new");
    assert_eq!(knowledge(&observed, "hash"), Knowledge::Settled);
    assert_eq!(see(&observed, &child("a", 3, "f:y")), Some(key()));
    assert_eq!(knowledge(&observed, "hash"), Knowledge::Unknown);
}

#[test]
fn our_own_write_is_no_news_whichever_comes_first() {
    for is_watch_first in [true, false] {
        let observed = Observed::default();
        see(&observed, &child("a", 1, "f:x"));
        let changes = observed.with(&key(), |family| family.changes());
        observed.with(&key(), |family| family.writing(Kind::Service, "a"));
        let written = child("a", 2, "f:y");
        if is_watch_first {
            assert_eq!(see(&observed, &written), None);
            assert!(!verify(&observed, &written));
        } else {
            assert!(!verify(&observed, &written));
            assert_eq!(see(&observed, &written), None);
        }
        assert_eq!(observed.with(&key(), |family| family.changes()), changes);
        assert_eq!(knowledge(&observed, "hash"), Knowledge::Settled);
    }
}

/// Whether what the controller of a child said counts, after a write of ours that brought it from generation 1 to this one.
fn is_observed_after_a_write(generation: i64) -> bool {
    let observed = Observed::default();
    let with_generation =
        |version, generation| ObjectMeta { generation: Some(generation), ..child("a", version, "f:x") };
    let rollout = Facts::Rollout(Box::new(Rollout { is_observed: true, ..Rollout::default() }));
    let metadata = with_generation(1, 1);
    observed.child_seen(Kind::Service, &metadata, record(&metadata, rollout), 1);
    observed.with(&key(), |family| family.writing(Kind::Service, "a"));
    verify(&observed, &with_generation(2, generation));
    observed.with(&key(), |family| match family.facts(Kind::Service, "a") {
        Some(Facts::Rollout(rollout)) => rollout.is_observed,
        other => panic!("{other:?}"),
    })
}

#[test]
fn what_a_rollout_said_before_our_change_of_its_specification_is_outdated() {
    assert!(!is_observed_after_a_write(2));
    assert!(is_observed_after_a_write(1), "a write of a label alone rolls nothing out");
}

#[test]
fn a_change_by_somebody_else_while_we_write_is_not_missed() {
    let observed = Observed::default();
    observed.with(&key(), |family| family.writing(Kind::Service, "a"));
    see(&observed, &child("a", 3, "f:z"));
    assert!(verify(&observed, &child("a", 2, "f:y")), "their change is newer than our write");
    assert_eq!(knowledge(&observed, "hash"), Knowledge::Unknown);
}

#[test]
fn a_child_that_goes_is_missed_unless_we_deleted_it() {
    let observed = Observed::default();
    observed.depend(&key(), Wanted::default());
    let metadata = child("a", 1, "f:x");
    verify(&observed, &metadata);
    assert_eq!(observed.child_gone(Kind::Service, &metadata), Some(key()));
    assert_eq!(knowledge(&observed, "hash"), Knowledge::Vanished);
    verify(&observed, &metadata);
    observed.with(&key(), |family| family.deleted(Kind::Service, "a"));
    assert_eq!(observed.child_gone(Kind::Service, &metadata), None);
    assert_eq!(knowledge(&observed, "hash"), Knowledge::Unknown);
}

#[test]
fn nothing_is_kept_of_a_resource_that_is_gone_with_its_children() {
    let observed = Observed::default();
    let metadata = child("a", 1, "f:x");
    observed.depend(&key(), Wanted::default());
    see(&observed, &metadata);
    observed.forget(&key());
    assert_eq!(observed.lock().families.len(), 1, "its child is still there");
    observed.child_gone(Kind::Service, &metadata);
    assert_eq!(observed.lock().families.len(), 0);
}

#[test]
fn what_is_not_in_a_new_list_is_gone() {
    let observed = Observed::default();
    see(&observed, &child("a", 1, "f:x"));
    let metadata = child("b", 1, "f:x");
    see(&observed, &metadata);
    observed.child_seen(Kind::Service, &metadata, record(&metadata, Facts::None), 2);
    assert_eq!(observed.swept(Seen::Children(Kind::Service), 2), [key()]);
    let names: Vec<String> =
        observed.with(&key(), |family| family.records().map(|(_, name, _)| name.to_owned()).collect());
    assert_eq!(names, ["b"]);
    assert!(observed.swept(Seen::Children(Kind::Service), 2).is_empty());
}

#[test]
fn a_change_of_what_a_resource_refers_to_is_its_business_and_nobody_elses() {
    let observed = Observed::default();
    let metadata = |name: &str| ObjectMeta {
        namespace: Some("ns".into()),
        name: Some(name.into()),
        ..ObjectMeta::default()
    };
    let wanted = |name: &str| Wanted { secrets: [name.to_owned()].into(), ..Wanted::default() };
    observed.depend(&key(), wanted("first"));
    observed.depend(&Key::new("ns", "other"), wanted("second"));
    let due = |name: &str| observed.reference_changed(ReferenceKind::Secret, &metadata(name));
    assert_eq!(due("first"), [key()]);
    assert!(observed.reference_changed(ReferenceKind::ConfigMap, &metadata("first")).is_empty());
    observed.depend(&key(), wanted("third"));
    assert!(due("first").is_empty());
    assert_eq!(due("third"), [key()]);
    observed.forget(&key());
    assert!(due("third").is_empty());
}

#[test]
fn config_maps_are_found_by_their_labels() {
    let observed = Observed::default();
    let selector = serde_json::from_value(json!({"matchLabels": {"rules": "mine"}})).unwrap();
    observed.depend(&key(), Wanted { rule_config_maps: Some(selector), ..Wanted::default() });
    let due = |namespace: &str, rules: &str| {
        let metadata = json!({"namespace": namespace, "name": "a", "labels": {"rules": rules}});
        observed.reference_changed(ReferenceKind::ConfigMap, &serde_json::from_value(metadata).unwrap())
    };
    assert_eq!(due("ns", "mine"), [key()]);
    assert!(due("ns", "theirs").is_empty() && due("elsewhere", "mine").is_empty());
}

#[test]
fn nothing_is_missed_of_a_resource_of_the_same_name_that_is_gone() {
    let observed = Observed::default();
    let belongs_to = |uid| observed.with(&key(), |family| family.belongs_to(Some(uid)));
    observed.depend(&key(), Wanted::default());
    belongs_to("1");
    verify(&observed, &child("a", 1, "f:x"));
    observed.child_gone(Kind::Service, &child("a", 1, "f:x"));
    belongs_to("1");
    assert_eq!(knowledge(&observed, "hash"), Knowledge::Vanished);
    belongs_to("2");
    assert_eq!(knowledge(&observed, "hash"), Knowledge::Unknown);
}

#[test]
fn what_is_left_for_another_resource_of_the_same_name_is_looked_at_anew() {
    let observed = Observed::default();
    verify(&observed, &child("a", 1, "f:x"));
    observed.with(&key(), |family| family.belongs_to(Some("2")));
    assert_eq!(knowledge(&observed, "hash"), Knowledge::Unknown);
    assert!(observed.with(&key(), |family| family.record(Kind::Service, "a").is_some()));
}
