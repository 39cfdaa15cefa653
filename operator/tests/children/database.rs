//! The managed database.

use ccx_operator::model::{
    component::Component,
    kind::Kind,
    resources::{ApplyMode, Ownership, Stage},
};
use serde_json::{Value, json};

use crate::sample::{children, container, names, object, pod};

const NAME: &str = "ccx-data-pipeline-db";

#[test]
fn it_is_retained_with_all_that_it_needs_unless_it_shall_be_deleted() {
    let ownership = |spec: &Value| {
        let children = children(spec);
        let database = children.iter().filter(|child| child.component == Some(Component::Database));
        let found: Vec<(Kind, Ownership)> = database.map(|child| (child.kind, child.ownership)).collect();
        assert_eq!(found.len(), 6);
        found
    };
    assert!(ownership(&json!({})).iter().all(|(_, ownership)| *ownership == Ownership::Retained));
    let deleted = ownership(&json!({"deletionPolicy": "Delete"}));
    assert!(deleted.iter().all(|(_, ownership)| *ownership == Ownership::Owned));
}

#[test]
fn nothing_else_is_retained() {
    let children = children(&json!({}));
    let others = children.iter().filter(|child| child.component != Some(Component::Database));
    assert!(others.clone().count() > 20);
    assert!(others.clone().all(|child| child.ownership == Ownership::Owned));
}

#[test]
fn its_password_is_generated_once_and_not_in_the_object() {
    let children = children(&json!({}));
    let secret = children.find(Kind::Secret, NAME).unwrap();
    assert_eq!(secret.apply, ApplyMode::CreateOnce { generate: vec!["password".into()] });
    assert_eq!(secret.stage, Stage::Database);
    assert_eq!(secret.object.data, json!({"type": "Opaque"}));
}

#[test]
fn its_volume_is_a_claim_of_its_own_that_can_grow() {
    let spec = json!({"database": {"managed": {"storage": {"size": "50Gi", "storageClassName": "fast"}}}});
    let children = children(&spec);
    let claim = object(&children, Kind::PersistentVolumeClaim, NAME);
    assert_eq!(claim["spec"]["resources"]["requests"]["storage"], "50Gi");
    assert_eq!(claim["spec"]["storageClassName"], "fast");
    let set = object(&children, Kind::StatefulSet, NAME);
    assert_eq!(set["spec"]["volumeClaimTemplates"], Value::Null);
    let volume = json!({"name": "data", "persistentVolumeClaim": {"claimName": NAME}});
    assert_eq!(set["spec"]["template"]["spec"]["volumes"][0], volume);
}

#[test]
fn ephemeral_one_has_no_claim() {
    let children =
        children(&json!({"database": {"managed": {"storage": {"volume": "Ephemeral", "size": "1Gi"}}}}));
    assert_eq!(names(&children, Kind::PersistentVolumeClaim), [""; 0]);
    let volume = json!({"name": "data", "emptyDir": {"sizeLimit": "1Gi"}});
    assert_eq!(pod(&children, Component::Database)["spec"]["volumes"][0], volume);
}

#[test]
fn official_image_finds_what_it_may_write_and_nothing_else_is_writable() {
    let container = container(&children(&json!({})), Component::Database);
    let mounts = container["volumeMounts"].as_array().unwrap();
    let writable: Vec<&Value> =
        mounts.iter().filter(|mount| mount["readOnly"] != true).map(|mount| &mount["mountPath"]).collect();
    assert_eq!(writable, ["/var/lib/postgresql/data", "/var/run/postgresql", "/tmp", "/dev/shm"]);
    let data = json!({"name": "PGDATA", "value": "/var/lib/postgresql/data/pgdata"});
    assert_eq!(container["env"][0], data);
}

#[test]
fn its_settings_are_arguments() {
    let parameters = json!({"shared_buffers": "512MB", "max_connections": "200"});
    let children = children(&json!({"database": {"managed": {"parameters": parameters}}}));
    let expected = json!(["postgres", "-c", "max_connections=200", "-c", "shared_buffers=512MB"]);
    assert_eq!(container(&children, Component::Database)["args"], expected);
}

#[test]
fn suspension_keeps_it_running() {
    let set = object(&children(&json!({"suspend": true})), Kind::StatefulSet, NAME);
    assert_eq!(set["spec"]["replicas"], 1);
}

#[test]
fn database_of_others_is_used_and_not_run() {
    let external = json!({"host": "db.example.com", "port": 5433, "credentialsSecretRef": {"name": "user"}});
    let children = children(&json!({"database": {"type": "External", "external": external}}));
    assert!(children.workload(Component::Database).is_none());
    assert_eq!(names(&children, Kind::Secret), [""; 0]);
    let writer = container(&children, Component::DbWriter);
    let user = json!({
        "name": "CCX__DATABASE__USER",
        "valueFrom": {"secretKeyRef": {"name": "user", "key": "username"}},
    });
    assert_eq!(writer["env"][1], user);
}
