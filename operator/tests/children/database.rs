//! The managed database.

use ccx_operator::model::{
    component::Component,
    kind::Kind,
    references::{DatabaseVolume, References},
    resources::{ApplyMode, Child, Children, Generate, Ownership, Stage},
};
use serde_json::{Value, json};

use crate::sample::{
    self, children, children_with, container, json_of, names, object, pipeline, pod, references, secret,
};

const NAME: &str = "ccx-data-pipeline-db";

#[test]
fn claim_and_secret_are_retained_and_everything_else_is_owned() {
    let retained = |spec: &Value| {
        let children = children(spec);
        let retained = children.iter().filter(|child| child.ownership == Ownership::Retained);
        retained.map(Child::kind).collect::<Vec<_>>()
    };
    assert_eq!(retained(&json!({})), [Kind::Secret, Kind::PersistentVolumeClaim]);
    assert_eq!(retained(&json!({"deletionPolicy": "Delete"})), []);
}

#[test]
fn retained_objects_are_ignored_by_argo_cd() {
    let children = children(&json!({}));
    for child in children.iter().filter(|child| child.ownership == Ownership::Retained) {
        let metadata = child.object.metadata();
        let annotations = metadata.annotations.clone().unwrap_or_default();
        assert_eq!(annotations["argocd.argoproj.io/sync-options"], "Prune=false,Delete=false");
        assert_eq!(annotations["argocd.argoproj.io/compare-options"], "IgnoreExtraneous");
        assert!(!metadata.labels.clone().unwrap_or_default().contains_key("app.kubernetes.io/instance"));
    }
}

#[test]
fn selectors_use_own_labels_only() {
    let children = children(&json!({}));
    for child in children.iter().filter(|child| matches!(child.kind(), Kind::Deployment | Kind::StatefulSet))
    {
        let selector = &json_of(child)["spec"]["selector"]["matchLabels"];
        let expected = json!({"ccx.openshift.io/pipeline": "ccx", "ccx.openshift.io/role": child.role()});
        assert_eq!(*selector, expected, "{}", child.name());
    }
}

#[test]
fn database_with_a_broken_image_is_replaced_after_correction() {
    let set = object(&children(&json!({})), Kind::StatefulSet, NAME);
    assert_eq!(set["spec"]["podManagementPolicy"], "Parallel");
}

#[test]
fn changed_password_restarts_the_database_which_sets_it() {
    let pipeline = sample::pipeline(&json!({}));
    let mut references = sample::references(&pipeline);
    let template = |references: &References| {
        let children = sample::children_with(&pipeline, references);
        object(&children, Kind::StatefulSet, NAME)["spec"]["template"].clone()
    };
    let before = template(&references);
    let hook = &before["spec"]["containers"][0]["lifecycle"]["postStart"]["exec"]["command"];
    let script = hook[2].as_str().unwrap();
    assert!(
        script.contains("/etc/ccx/database-credentials/password") && script.contains("ALTER ROLE"),
        "{script}"
    );
    references.secrets.insert(NAME.into(), Some(secret(NAME, "2")));
    let annotation =
        |template: &Value| template["metadata"]["annotations"]["ccx.openshift.io/secret-hash"].clone();
    assert_ne!(annotation(&before), annotation(&template(&references)));
}

#[test]
fn password_is_not_generated_while_the_volume_exists() {
    let pipeline = sample::pipeline(&json!({}));
    let mut references = sample::references(&pipeline);
    references.secrets.insert(NAME.into(), None);
    let held = |references: &References| {
        let children = sample::children_with(&pipeline, references);
        let held = children.iter().filter(|child| !child.missing.is_empty());
        held.map(|child| (child.kind(), child.role().to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(held(&references), [], "the first start");
    references.database_volume = DatabaseVolume::Present;
    let held = held(&references);
    assert!(held.contains(&(Kind::Secret, "data-pipeline-db".into())), "{held:?}");
    assert!(held.contains(&(Kind::StatefulSet, "data-pipeline-db".into())), "{held:?}");
    assert!(held.contains(&(Kind::Deployment, "insights-results-db-writer".into())), "{held:?}");
    assert!(!held.contains(&(Kind::Deployment, "data-pipeline".into())), "{held:?}");
}

#[test]
fn password_is_generated_once_and_not_in_the_object() {
    let children = children(&json!({}));
    let secret = children.find(Kind::Secret, NAME).unwrap();
    assert_eq!(
        secret.apply,
        ApplyMode::CreateOnce { generate: Generate::Passwords(vec!["password".into()]) }
    );
    assert_eq!(secret.stage, Stage::Database);
    assert_eq!(secret.object.to_dynamic().data, json!({"type": "Opaque"}));
}

#[test]
fn volume_is_a_separate_claim_that_can_be_expanded() {
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
fn ephemeral_database_has_no_claim() {
    let children =
        children(&json!({"database": {"managed": {"storage": {"volume": "Ephemeral", "size": "1Gi"}}}}));
    assert_eq!(names(&children, Kind::PersistentVolumeClaim), [""; 0]);
    let volume = json!({"name": "data", "emptyDir": {"sizeLimit": "1Gi"}});
    assert_eq!(pod(&children, Component::Database)["spec"]["volumes"][0], volume);
}

#[test]
fn only_directories_that_the_official_image_needs_are_writable() {
    let container = container(&children(&json!({})), Component::Database);
    let mounts = container["volumeMounts"].as_array().unwrap();
    let writable: Vec<&Value> =
        mounts.iter().filter(|mount| mount["readOnly"] != true).map(|mount| &mount["mountPath"]).collect();
    assert_eq!(writable, ["/var/lib/postgresql/data", "/var/run/postgresql", "/tmp", "/dev/shm"]);
    let data = json!({"name": "PGDATA", "value": "/var/lib/postgresql/data/pgdata"});
    assert_eq!(container["env"][0], data);
}

#[test]
fn database_settings_are_arguments() {
    let parameters = json!({"shared_buffers": "512MB", "max_connections": "200"});
    let children = children(&json!({"database": {"managed": {"parameters": parameters}}}));
    let arguments = container(&children, Component::Database)["args"].clone();
    let expected = json!(["-c", "max_connections=200", "-c", "shared_buffers=512MB"]);
    assert!(arguments.as_array().unwrap().ends_with(expected.as_array().unwrap()), "{arguments}");
}

#[test]
fn suspension_keeps_the_database_running() {
    let set = object(&children(&json!({"suspend": true})), Kind::StatefulSet, NAME);
    assert_eq!(set["spec"]["replicas"], 1);
}

#[test]
fn external_database_is_used_and_not_run() {
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

#[test]
fn server_accepts_the_connections_of_all_pods() {
    let settings = |spec: &Value| -> Vec<String> {
        let arguments = container(&children(spec), Component::Database)["args"].clone();
        let arguments = arguments.as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned());
        arguments.filter(|it| it.starts_with("max_connections")).collect()
    };
    assert_eq!(settings(&json!({})), [""; 0], "the default of PostgreSQL suffices");
    let many = json!({"aggregator": {"autoscaling": {"maxReplicas": 20}}});
    assert_eq!(settings(&many), ["max_connections=200"]);
    let further =
        json!({"publicApi": {"replicas": 16}, "workloadsWriter": {}, "requestsWriter": {}, "cleaner": {}});
    assert_eq!(settings(&further), ["max_connections=300"], "those of all components");
    let elsewhere = json!({"requestsWriter": {"replicas": 8, "valkey": {"endpoint": "valkey:6379"}}});
    assert_eq!(settings(&elsewhere), [""; 0]);
    let given = json!({"database": {"managed": {"parameters": {"max_connections": "500"}}}});
    assert_eq!(settings(&given), ["max_connections=500"]);
}

#[test]
fn image_of_another_major_version_holds_back_the_database_only() {
    let mut pipeline = pipeline(&json!({"database": {"managed": {"image": "postgres:18"}}}));
    let version =
        |major: i32| json!({"schemaVersion": {"public": 32, "dvo": 4, "postgresql": major, "job": "j"}});
    pipeline.status = serde_json::from_value(version(17)).unwrap();
    let held = |children: &Children| -> Vec<String> {
        children.iter().filter(|it| !it.missing.is_empty()).map(|it| it.missing[0].message.clone()).collect()
    };
    let children = children_with(&pipeline, &references(&pipeline));
    let messages = held(&children);
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert!(messages[0].contains("initialized by PostgreSQL 17, which postgres:18"), "{messages:?}");
    assert!(!children.workload(Component::Database).unwrap().missing.is_empty());
    pipeline.status = serde_json::from_value(version(18)).unwrap();
    assert_eq!(held(&children_with(&pipeline, &references(&pipeline))), [""; 0]);
}

#[test]
fn recovery_from_a_crash_is_not_interrupted_by_probes() {
    let database = container(&children(&json!({})), Component::Database);
    let limit = |probe: &str| {
        database[probe]["periodSeconds"].as_u64().unwrap()
            * database[probe]["failureThreshold"].as_u64().unwrap()
    };
    assert!(limit("startupProbe") >= 12 * 3600);
    let liveness = database["livenessProbe"]["exec"]["command"][2].as_str().unwrap();
    assert!(liveness.ends_with("[ $? -le 1 ]"), "a server that rejects connections is alive: {liveness}");
}

#[test]
fn managed_database_has_a_certificate_that_clients_verify() {
    let children = children(&json!({}));
    let secret = children.find(Kind::Secret, "ccx-data-pipeline-db-tls").unwrap();
    let hosts = ["", ".insights", ".insights.svc", ".insights.svc.cluster.local"];
    let hosts = hosts.map(|end| format!("ccx-data-pipeline-db{end}")).into();
    assert_eq!(secret.apply, ApplyMode::CreateOnce { generate: Generate::Certificates { hosts } });
    assert_eq!(secret.ownership, Ownership::Owned);
    let server =
        object(&children, Kind::StatefulSet, "ccx-data-pipeline-db")["spec"]["template"]["spec"].clone();
    let arguments = server["containers"][0]["args"].to_string();
    assert!(arguments.contains("\"ssl=on\"") && arguments.contains("database-tls/tls.key"), "{arguments}");
    let volumes = server["volumes"].as_array().unwrap();
    let volume = volumes.iter().find(|volume| volume["name"] == "database-tls").unwrap();
    assert_eq!(volume["secret"]["defaultMode"], 0o440, "PostgreSQL refuses a key that others can read");
    assert!(!volume.to_string().contains("ca.key"), "{volume}");
    for name in ["ccx-insights-results-db-writer", "ccx-insights-results-aggregator", "ccx-migration"] {
        let file = object(&children, Kind::ConfigMap, name)["data"]["ccx.toml"].as_str().unwrap().to_owned();
        assert!(file.contains("tls_mode = \"verify-full\""), "{file}");
        assert!(file.contains("ca_file = \"/etc/ccx/database-ca/ca.crt\""), "{file}");
    }
}

#[test]
fn managed_database_without_tls_has_no_certificate() {
    let children = children(&json!({"database": {"managed": {"parameters": {"ssl": "off"}}}}));
    assert!(!container(&children, Component::Database)["args"].to_string().contains("hba_file"));
    assert!(children.find(Kind::Secret, "ccx-data-pipeline-db-tls").is_none());
    let file =
        object(&children, Kind::ConfigMap, "ccx-insights-results-db-writer")["data"]["ccx.toml"].to_string();
    assert!(!file.contains("verify-full") && !file.contains("ca_file"), "{file}");
}
