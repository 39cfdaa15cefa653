//! Pods restart only when an input that they use changes, and the reason is known.

use ccx_operator::{
    model::{component::Component, input::Input, kind::Kind, references::References, resources::Children},
    plan::restart::{RestartReason, restart_reasons},
};
use serde_json::{Value, json};

use crate::sample::{self, children, config_map, secret};

/// Returns the workloads that restart between two builds, with their reasons.
fn restarts(before: &Children, after: &Children) -> Vec<(Component, Vec<RestartReason>)> {
    let reasons = |component| {
        let object = |children: &Children| children.workload(component).map(|child| child.object.clone());
        let reasons = restart_reasons(&object(before)?, &object(after)?);
        (!reasons.is_empty()).then_some((component, reasons))
    };
    Component::ALL.into_iter().filter_map(reasons).collect()
}

fn after_change(spec: &Value, change: impl Fn(&mut References)) -> Vec<(Component, Vec<RestartReason>)> {
    let pipeline = sample::pipeline(spec);
    let mut references = sample::references(&pipeline);
    let before = sample::children_with(&pipeline, &references);
    change(&mut references);
    restarts(&before, &sample::children_with(&pipeline, &references))
}

fn changed(input: Input, object: &str) -> Vec<RestartReason> {
    vec![RestartReason::InputChanged { input, objects: vec![object.into()] }]
}

fn secured() -> Value {
    json!({
        "kafka": {
            "securityProtocol": "SASL_SSL",
            "sasl": {"credentialsSecretRef": {"name": "kafka-user"}},
            "caSecretRef": {"name": "kafka-ca"},
        },
        "objectStorage": {"credentials": {"type": "Secret", "secretRef": {"name": "bucket"}}},
    })
}

#[test]
fn changed_secret_restarts_its_users() {
    let change = |name: &'static str| {
        after_change(&secured(), move |references| {
            references.secrets.insert(name.into(), Some(secret(name, "2")));
        })
    };
    let reason = |object| changed(Input::Secret, object);
    let of_kafka = || reason("Secret kafka-user");
    assert_eq!(
        change("kafka-user"),
        [(Component::DataPipeline, of_kafka()), (Component::DbWriter, of_kafka())]
    );
    assert_eq!(change("bucket"), [(Component::DataPipeline, reason("Secret bucket"))]);
    let of_database = || reason("Secret ccx-data-pipeline-db");
    let users = [Component::DbWriter, Component::Aggregator, Component::Database];
    let users = users.map(|component| (component, of_database()));
    assert_eq!(change("ccx-data-pipeline-db"), users);
}

#[test]
fn changed_unused_key_restarts_no_pod() {
    let restarts = after_change(&secured(), |references| {
        let secret = references.secrets.get_mut("bucket").unwrap().as_mut().unwrap();
        secret.data.as_mut().unwrap().remove("ca.crt");
    });
    assert_eq!(restarts, []);
}

#[test]
fn changed_authority_has_another_reason_than_a_changed_secret() {
    let restarts = after_change(&secured(), |references| {
        references.secrets.insert("kafka-ca".into(), Some(secret("kafka-ca", "2")));
    });
    let reason = || changed(Input::Ca, "Secret kafka-ca");
    assert_eq!(restarts, [(Component::DataPipeline, reason()), (Component::DbWriter, reason())]);
}

#[test]
fn changed_rules_restart_no_pod() {
    let spec = json!({"dataPipeline": {"rules": {"configMapRefs": [{"name": "our-rules"}]}}});
    let restarts = after_change(&spec, |references| {
        references.config_maps.insert("our-rules".into(), Some(config_map("our-rules", "2")));
    });
    assert_eq!(restarts, []);
}

#[test]
fn changed_allowlist_restarts_the_writer_only() {
    let spec = json!({"dbWriter": {"orgAllowlistConfigMapRef": {"name": "organisations", "key": "file"}}});
    let restarts = after_change(&spec, |references| {
        references.config_maps.insert("organisations".into(), Some(config_map("organisations", "2")));
    });
    assert_eq!(restarts, [(Component::DbWriter, changed(Input::Config, "ConfigMap organisations"))]);
}

#[test]
fn changed_setting_restarts_its_readers() {
    let after = |spec: &Value| restarts(&children(&json!({})), &children(spec));
    let reason = || changed(Input::Config, "ccx.toml");
    assert_eq!(after(&json!({"dbWriter": {"batch": {"maxMessages": 5}}})), [(Component::DbWriter, reason())]);
    assert_eq!(
        after(&json!({"aggregator": {"orgOverviewLimit": "1h"}})),
        [(Component::Aggregator, reason())]
    );
    let of_logging = after(&json!({"logging": {"level": "Debug"}}));
    let all = [Component::DataPipeline, Component::DbWriter, Component::Aggregator]
        .map(|component| (component, reason()));
    assert_eq!(of_logging, all);
}

#[test]
fn change_that_pods_do_not_read_restarts_no_pod() {
    let after = |spec: &Value| restarts(&children(&json!({})), &children(spec));
    assert_eq!(after(&json!({"dataPipeline": {"replicas": 3}})), []);
    assert_eq!(after(&json!({"aggregator": {"exposure": {"type": "Route"}}})), []);
    assert_eq!(after(&json!({"deletionPolicy": "Delete", "suspend": true})), []);
}

#[test]
fn digest_of_a_secret_depends_on_its_place_and_not_on_its_identity() {
    let pipeline = sample::pipeline(&secured());
    let mut references = sample::references(&pipeline);
    let hash = |references: &References| {
        let children = sample::children_with(&pipeline, references);
        sample::pod(&children, Component::DataPipeline)["metadata"]["annotations"]["ccx.openshift.io/secret-hash"].clone()
    };
    let before = hash(&references);
    references.secrets.get_mut("kafka-user").unwrap().as_mut().unwrap().metadata.uid = Some("another".into());
    assert_eq!(before, hash(&references), "a Secret that was recreated with the same data");
    references.secrets.get_mut("kafka-user").unwrap().as_mut().unwrap().metadata.namespace =
        Some("other".into());
    assert_ne!(before, hash(&references), "the same password in another Secret has another digest");
}

#[test]
fn configuration_has_only_differences_from_the_defaults() {
    let children = children(&json!({"dataPipeline": {"archiveLimits": {"maxCompressedSize": "1500k"}}}));
    let text = sample::object(&children, Kind::ConfigMap, "ccx-data-pipeline")["data"]["ccx.toml"].clone();
    let expected = "\
[archive]
max_compressed = \"1500000B\"

[kafka]
bootstrap_servers = [\"kafka:9092\"]

[object_storage]
bucket = \"uploads\"
";
    assert_eq!(text, expected);
}

#[test]
fn changed_object_of_a_variable_restarts_its_component() {
    let secret_ref = json!({"secretKeyRef": {"name": "proxy", "key": "password"}});
    let config_ref = json!({"configMapKeyRef": {"name": "settings", "key": "file"}});
    let variables = json!([{"name": "HTTPS_PROXY", "valueFrom": secret_ref}, {"name": "SETTING", "valueFrom": config_ref}]);
    let spec = json!({"aggregator": {"podTemplate": {"extraEnv": variables}}});
    let of_secret = after_change(&spec, |references| {
        references.secrets.insert("proxy".into(), Some(secret("proxy", "2")));
    });
    assert_eq!(of_secret, [(Component::Aggregator, changed(Input::Secret, "Secret proxy"))]);
    let of_config_map = after_change(&spec, |references| {
        references.config_maps.insert("settings".into(), Some(config_map("settings", "2")));
    });
    assert_eq!(of_config_map, [(Component::Aggregator, changed(Input::Config, "ConfigMap settings"))]);
}

#[test]
fn missing_secret_of_a_variable_holds_back_its_component_unless_optional() {
    let missing = |optional: bool| -> Vec<usize> {
        let source = json!({"secretKeyRef": {"name": "proxy", "key": "password", "optional": optional}});
        let template = json!({"extraEnv": [{"name": "HTTPS_PROXY", "valueFrom": source}]});
        let pipeline = sample::pipeline(&json!({"dbWriter": {"podTemplate": template}}));
        let mut references = sample::references(&pipeline);
        references.secrets.insert("proxy".into(), None);
        let children = sample::children_with(&pipeline, &references);
        let components = [Component::DbWriter, Component::Aggregator];
        components.map(|it| children.workload(it).unwrap().missing.len()).into()
    };
    assert!(missing(false)[0] > 0 && missing(false)[1] == 0);
    assert_eq!(missing(true), [0, 0]);
}

#[test]
fn changed_cloud_identity_restarts_the_pipeline() {
    let with_role = |role: &str| {
        let annotations = json!({"eks.amazonaws.com/role-arn": role});
        let identity = json!({"serviceAccountAnnotations": annotations});
        children(
            &json!({"objectStorage": {"credentials": {"type": "WorkloadIdentity", "workloadIdentity": identity}}}),
        )
    };
    let expected = [(Component::DataPipeline, changed(Input::Identity, "ServiceAccount"))];
    assert_eq!(restarts(&with_role("arn:a"), &with_role("arn:b")), expected);
    assert_eq!(restarts(&with_role("arn:a"), &with_role("arn:a")), []);
}
