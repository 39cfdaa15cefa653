//! A missing reference holds back only the children that need it.

use std::collections::BTreeSet;

use ccx_operator::model::{
    component::Component,
    references::{References, Strimzi},
    resources::Children,
};
use serde_json::{Value, json};

use crate::sample::{self, children};

/// Returns the children of a resource with this spec after `take` has removed some of its references.
fn without(spec: &Value, take: impl Fn(&mut References)) -> Children {
    let pipeline = sample::pipeline(spec);
    let mut references = sample::references(&pipeline);
    take(&mut references);
    sample::children_with(&pipeline, &references)
}

/// Returns the children that are held back, without the digests in names.
fn waiting(children: &Children) -> BTreeSet<String> {
    let held = children.iter().filter(|child| !child.missing.is_empty());
    held.map(|child| format!("{} {}", child.kind().name(), sample::without_digest(child))).collect()
}

fn no_secret(name: &'static str) -> impl Fn(&mut References) {
    move |references| {
        references.secrets.insert(name.into(), None);
    }
}

fn program_children(kind: &str, role: &str) -> BTreeSet<String> {
    ["ConfigMap", "NetworkPolicy", kind].map(|kind| format!("{kind} ccx-{role}")).into()
}

fn bucket() -> Value {
    json!({"objectStorage": {"credentials": {"type": "Secret", "secretRef": {"name": "bucket"}}}})
}

#[test]
fn missing_storage_credentials_hold_back_the_pipeline_only() {
    let children = without(&bucket(), no_secret("bucket"));
    assert_eq!(waiting(&children), program_children("Deployment", "data-pipeline"));
    let message = &children.workload(Component::DataPipeline).unwrap().missing[0].message;
    assert!(
        message.starts_with("Secret bucket, which spec.objectStorage.credentials.secretRef names"),
        "{message}"
    );
}

#[test]
fn empty_key_holds_back_like_a_missing_one_except_in_variables_of_users() {
    let empty = |name: &'static str, key: &'static str| {
        move |references: &mut References| {
            let secret = references.secrets.get_mut(name).unwrap().as_mut().unwrap();
            secret.data.as_mut().unwrap().insert(key.into(), k8s_openapi::ByteString(Vec::new()));
        }
    };
    let children = without(&bucket(), empty("bucket", "AWS_SECRET_ACCESS_KEY"));
    assert_eq!(waiting(&children), program_children("Deployment", "data-pipeline"));
    let message = &children.workload(Component::DataPipeline).unwrap().missing[0].message;
    let expected = "the key \"AWS_SECRET_ACCESS_KEY\" of Secret bucket is empty; set it, or name another key in \
                    spec.objectStorage.credentials.secretRef";
    assert_eq!(message, expected);
    let variable = json!({"name": "A", "valueFrom": {"secretKeyRef": {"name": "own", "key": "a"}}});
    let spec = json!({"dataPipeline": {"podTemplate": {"extraEnv": [variable]}}});
    assert_eq!(waiting(&without(&spec, empty("own", "a"))), BTreeSet::new());
}

#[test]
fn missing_key_holds_back_like_a_missing_secret() {
    let children = without(&bucket(), |references| {
        let secret = references.secrets.get_mut("bucket").unwrap().as_mut().unwrap();
        secret.data.as_mut().unwrap().remove("AWS_SECRET_ACCESS_KEY");
    });
    assert_eq!(waiting(&children), program_children("Deployment", "data-pipeline"));
}

#[test]
fn missing_kafka_credentials_hold_back_clients_of_kafka() {
    let sasl = json!({"credentialsSecretRef": {"name": "user"}});
    let spec = json!({
        "kafka": {"securityProtocol": "SASL_PLAINTEXT", "sasl": sasl},
        "dataPipeline": {"autoscaling": {"type": "KafkaLag"}},
    });
    let mut expected = program_children("Deployment", "data-pipeline");
    expected.extend(program_children("Deployment", "insights-results-db-writer"));
    expected.extend(program_children("Job", "topics"));
    expected
        .extend(["ScaledObject", "TriggerAuthentication"].map(|kind| format!("{kind} ccx-data-pipeline")));
    assert_eq!(waiting(&without(&spec, no_secret("user"))), expected);
}

#[test]
fn missing_database_credentials_hold_back_its_clients() {
    let external = json!({"host": "db", "name": "ccx", "credentialsSecretRef": {"name": "login"}});
    let spec = json!({"database": {"type": "External", "external": external}});
    let mut expected = program_children("Deployment", "insights-results-aggregator");
    expected.extend(program_children("Deployment", "insights-results-db-writer"));
    expected.extend(program_children("Job", "migration"));
    assert_eq!(waiting(&without(&spec, no_secret("login"))), expected);
}

#[test]
fn missing_rules_and_allowlist_hold_back_their_users() {
    let spec = json!({
        "dataPipeline": {"rules": {"configMapRefs": [{"name": "mine"}]}},
        "dbWriter": {"orgAllowlistConfigMapRef": {"name": "organisations", "key": "file"}},
    });
    let no_config_map = |name: &'static str| {
        move |references: &mut References| {
            references.config_maps.insert(name.into(), None);
        }
    };
    let rules = without(&spec, no_config_map("mine"));
    let mut expected = program_children("Deployment", "data-pipeline");
    expected.extend(program_children("Deployment", "insights-results-aggregator"));
    assert_eq!(waiting(&rules), expected);
    let allowlist = without(&spec, no_config_map("organisations"));
    assert_eq!(waiting(&allowlist), program_children("Deployment", "insights-results-db-writer"));
}

#[test]
fn missing_strimzi_kafka_holds_back_its_clients() {
    let mut pipeline =
        sample::pipeline(&json!({"kafka": {"strimzi": {"name": "events", "listener": "tls"}}}));
    pipeline.spec.kafka.bootstrap_servers.clear();
    let mut expected = program_children("Deployment", "data-pipeline");
    expected.extend(program_children("Deployment", "insights-results-db-writer"));
    expected.extend(program_children("Job", "topics"));
    let unready = serde_json::from_value(json!({"metadata": {"name": "events"}})).unwrap();
    for strimzi in [Strimzi::Missing, Strimzi::Found(Box::new(unready))] {
        let references = References { strimzi, ..sample::references(&pipeline) };
        assert_eq!(waiting(&sample::children_with(&pipeline, &references)), expected);
    }
}

#[test]
fn suspended_workload_is_not_held_back() {
    let mut spec = bucket();
    spec["suspend"] = json!(true);
    let children = without(&spec, no_secret("bucket"));
    let expected = ["ConfigMap ccx-data-pipeline", "NetworkPolicy ccx-data-pipeline"].map(str::to_owned);
    assert_eq!(waiting(&children), expected.into());
}

#[test]
fn no_child_waits_when_all_references_exist() {
    assert_eq!(waiting(&children(&bucket())), BTreeSet::new());
}
