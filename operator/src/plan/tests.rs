use serde_json::{Value, json};

use super::*;
use crate::model::annotations::APPLIED_HASH;

fn object(value: Value) -> DynamicObject {
    serde_json::from_value(value).unwrap()
}

fn config_map(text: &str) -> DynamicObject {
    object(json!({"metadata": {"name": "ccx"}, "data": {"ccx.toml": text}}))
}

fn transition(kind: Kind, before: Option<DynamicObject>, after: Option<DynamicObject>) -> Transition {
    Transition { kind, name: "ccx".into(), component: Some(Component::DbWriter), before, after }
}

#[test]
fn object_is_created_updated_deleted_or_left_alone() {
    let action = |before, after| {
        let plan = plan(&[transition(Kind::ConfigMap, before, after)]);
        plan.changes.first().map(|change| change.action)
    };
    assert_eq!(action(None, Some(config_map("a"))), Some(ChangeAction::Create));
    assert_eq!(action(Some(config_map("a")), Some(config_map("b"))), Some(ChangeAction::Update));
    assert_eq!(action(Some(config_map("a")), None), Some(ChangeAction::Delete));
    assert_eq!(action(Some(config_map("a")), Some(config_map("a"))), None);
}

#[test]
fn changed_field_has_its_path_and_both_values() {
    let plan = plan(&[transition(Kind::ConfigMap, Some(config_map("a")), Some(config_map("b")))]);
    let expected =
        FieldChange { path: "data[\"ccx.toml\"]".into(), before: Some(json!("a")), after: Some(json!("b")) };
    assert_eq!(plan.changes[0].fields, [expected]);
}

#[test]
fn field_kept_by_the_api_server_is_no_change() {
    let before = object(json!({
        "metadata": {"name": "ccx", "resourceVersion": "1", "generation": 1, "managedFields": []}, "status": {"a": 1},
    }));
    let after = object(json!({"metadata": {"name": "ccx", "resourceVersion": "2", "generation": 2}}));
    assert_eq!(plan(&[transition(Kind::Deployment, Some(before), Some(after))]), Plan::default());
}

#[test]
fn values_of_secrets_are_hidden() {
    let secret = |value: &str| object(json!({"metadata": {"name": "ccx"}, "data": {"password": value}}));
    let plan = plan(&[transition(Kind::Secret, Some(secret("YQ==")), Some(secret("Yg==")))]);
    let expected = FieldChange { path: "data.password".into(), before: None, after: None };
    assert_eq!(plan.changes[0].fields, [expected]);
}

fn deployment(image: &str) -> DynamicObject {
    object(json!({
        "metadata": {"name": "ccx"},
        "spec": {"template": {"spec": {"containers": [{"name": "a", "image": image}]}}},
    }))
}

#[test]
fn restart_has_its_component_and_its_reason() {
    let plan = plan(&[transition(Kind::Deployment, Some(deployment("ccx:1")), Some(deployment("ccx:2")))]);
    assert_eq!(plan.restarts[0].component, Component::DbWriter);
    assert_eq!(plan.restarts[0].reason(), "the image changes from ccx:1 to ccx:2");
    assert_eq!(plan.changes[0].fields[0].path, "spec.template.spec.containers[0].image");
}

#[test]
fn pods_that_do_not_exist_yet_do_not_restart() {
    assert_eq!(plan(&[transition(Kind::Deployment, None, Some(deployment("ccx:1")))]).restarts, []);
}

#[test]
fn own_annotation_is_no_change() {
    let noted =
        |hash: &str| object(json!({"metadata": {"name": "ccx", "annotations": {APPLIED_HASH: hash}}}));
    let plain = object(json!({"metadata": {"name": "ccx"}}));
    for (before, after) in [(noted("1"), noted("2")), (plain, noted("1"))] {
        assert_eq!(plan(&[transition(Kind::ConfigMap, Some(before), Some(after))]), Plan::default());
    }
}

#[test]
fn another_owner_is_a_change() {
    let owned = object(json!({"metadata": {"name": "ccx", "ownerReferences": [
        {"apiVersion": "v1", "kind": "CcxPipeline", "name": "ccx", "uid": "1"}]}}));
    let plan =
        plan(&[transition(Kind::Secret, Some(object(json!({"metadata": {"name": "ccx"}}))), Some(owned))]);
    assert_eq!(plan.changes[0].fields[0].path, "metadata.ownerReferences");
}

#[test]
fn fields_of_other_managers_are_kept_by_the_overlay() {
    let live =
        object(json!({"metadata": {"name": "ccx", "labels": {"theirs": "x"}}, "data": {"a": "1", "b": "1"}}));
    let desired = object(json!({"metadata": {"name": "ccx"}, "data": {"a": "2"}}));
    let expected =
        json!({"metadata": {"name": "ccx", "labels": {"theirs": "x"}}, "data": {"a": "2", "b": "1"}});
    assert_eq!(json!(laid_over(&live, &desired)), expected);
}

#[test]
fn deletion_of_an_object_restarts_no_pods() {
    let plan = plan(&[Transition::deletion(Kind::Deployment, "ccx".into())]);
    assert_eq!((plan.changes[0].action, plan.restarts.len()), (ChangeAction::Delete, 0));
}

#[test]
fn plan_in_the_status_is_truncated_with_a_count() {
    let transitions: Vec<Transition> =
        (0..130).map(|_| transition(Kind::ConfigMap, None, Some(config_map("a")))).collect();
    let status = plan(&transitions).to_status();
    assert_eq!((status.changes.len(), status.omitted_changes), (128, 2));
}
