//! A Kafka of Strimzi: its brokers and its authority are read from its status.

use ccx_test_support::eventually_async;
use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::{ConfigMap, Secret},
};
use kube::{
    Api,
    api::{Patch, PatchParams, ValidationDirective},
    core::{ApiResource, DynamicObject, GroupVersionKind},
};
use serde_json::{Value, json};

use super::installed;
use crate::test_env::TestEnv;

const KAFKA: &str = "events";

fn by_strimzi() -> Value {
    let strimzi = json!({"name": KAFKA, "listener": "tls"});
    // Replaces the `bootstrapServers` of the other tests.
    json!({"kafka": {"bootstrapServers": null, "strimzi": strimzi, "securityProtocol": "SSL"}})
}

/// Returns the API of Kafkas in a version that Strimzi serves.
pub(super) fn kafkas(env: &TestEnv, version: &str) -> Api<DynamicObject> {
    let kind = ApiResource::from_gvk(&GroupVersionKind::gvk("kafka.strimzi.io", version, "Kafka"));
    Api::namespaced_with(env.client.clone(), &env.namespace, &kind)
}

/// Creates a Kafka without a status.
pub(super) async fn make(kafkas: &Api<DynamicObject>) {
    let listener = json!({"name": "tls", "port": 9093, "type": "internal", "tls": true});
    let object = json!({"apiVersion": kafkas_version(kafkas), "kind": "Kafka", "metadata": {"name": KAFKA},
        "spec": {"kafka": {"listeners": [listener]}}});
    let strict =
        PatchParams { field_validation: Some(ValidationDirective::Strict), ..PatchParams::apply("a-person") };
    kafkas.patch(KAFKA, &strict, &Patch::Apply(&object)).await.unwrap();
}

/// Writes the status that Strimzi's operator writes when the brokers are ready.
pub(super) async fn set_ready(kafkas: &Api<DynamicObject>, server: &str, certificate: &str) {
    let (host, port) = server.split_once(':').unwrap();
    let listener = json!({"name": "tls", "bootstrapServers": server, "certificates": [certificate],
        "addresses": [{"host": host, "port": port.parse::<u16>().unwrap()}]});
    let status =
        json!({"status": {"listeners": [listener], "conditions": [{"type": "Ready", "status": "True"}]}});
    let strict =
        PatchParams { field_validation: Some(ValidationDirective::Strict), ..PatchParams::default() };
    kafkas.patch_status(KAFKA, &strict, &Patch::Merge(status)).await.unwrap();
}

fn kafkas_version(kafkas: &Api<DynamicObject>) -> String {
    let path = kafkas.resource_url();
    let version = path.trim_start_matches("/apis/").split("/namespaces/").next().unwrap();
    version.to_owned()
}

/// Returns the configuration file of the pipeline.
pub(super) async fn settings(env: &TestEnv) -> String {
    let Some(deployment) = env.get::<Deployment>("ccx-data-pipeline").await else { return String::new() };
    let volumes = deployment.spec.unwrap().template.spec.unwrap().volumes.unwrap();
    let mounted = volumes.into_iter().find(|volume| volume.name == "config").unwrap().config_map.unwrap();
    let config = env.get::<ConfigMap>(&mounted.name).await;
    config.and_then(|config| config.data).map(|data| data["ccx.toml"].clone()).unwrap_or_default()
}

#[tokio::test]
#[ignore = "needs Kubernetes, definitions of extensions"]
async fn changed_brokers_and_authority_of_strimzi_are_applied() {
    let env = installed::env().await;
    let kafkas = kafkas(&env, "v1");
    env.apply(by_strimzi()).await;
    let missing = env.until_condition("Degraded", "True", "KafkaUnreachable").await;
    assert!(
        missing.message.contains("Kafka events, which spec.kafka.strimzi names, does not exist"),
        "{missing:?}"
    );
    make(&kafkas).await;
    eventually_async("it is not ready", async || {
        let condition = env.until_condition("Degraded", "True", "KafkaUnreachable").await;
        condition
            .message
            .contains("Kafka events has no listener \"tls\" in its status, but none yet")
            .then_some(())
    })
    .await;
    set_ready(&kafkas, "events-kafka-bootstrap.kafka.svc:9093", "PEM 1").await;
    env.until_ready().await;
    assert!(
        settings(&env).await.contains(r#"bootstrap_servers = ["events-kafka-bootstrap.kafka.svc:9093"]"#)
    );
    let authority = env.get::<ConfigMap>("ccx-kafka-ca").await.unwrap().data.unwrap();
    assert_eq!(authority["ca.crt"], "PEM 1\n");
    set_ready(&kafkas, "elsewhere:9093", "PEM 2").await;
    eventually_async("the new brokers", async || {
        settings(&env).await.contains("elsewhere:9093").then_some(())
    })
    .await;
    let notes =
        async || env.notes("CaChanged").await.into_iter().find(|note| note.contains("ccx-data-pipeline"));
    eventually_async("an Event about the new authority", notes).await;
    env.until_ready().await;
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes, definitions of extensions"]
async fn secret_of_strimzi_is_mounted_as_authority() {
    let env = installed::env().await;
    let kafkas = kafkas(&env, "v1beta2");
    make(&kafkas).await;
    set_ready(&kafkas, "events-kafka-bootstrap.kafka.svc:9093", "PEM 1").await;
    let authority = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "events-cluster-ca-cert"},
        "stringData": {"ca.crt": "PEM 0"}});
    let secrets = env.api::<Secret>();
    secrets
        .patch("events-cluster-ca-cert", &PatchParams::apply("strimzi"), &Patch::Apply(&authority))
        .await
        .unwrap();
    let mut spec = by_strimzi();
    spec["kafka"]["caSecretRef"] = json!({"name": "events-cluster-ca-cert"});
    env.apply(spec).await;
    env.until_ready().await;
    assert!(
        settings(&env).await.contains(r#"bootstrap_servers = ["events-kafka-bootstrap.kafka.svc:9093"]"#)
    );
    assert!(env.get::<ConfigMap>("ccx-kafka-ca").await.is_none(), "the pods have the Secret itself");
    env.end().await;
}
