//! The number of pods with an autoscaler.

use ccx_test_support::eventually_async;
use k8s_openapi::api::apps::v1::Deployment;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use crate::test_env::TestEnv;

const AGGREGATOR: &str = "ccx-insights-results-aggregator";

fn scaled(mut aggregator: Value) -> Value {
    aggregator["autoscaling"] = json!({"type": "Cpu"});
    json!({"aggregator": aggregator})
}

async fn replicas(env: &TestEnv) -> Option<i32> {
    env.get::<Deployment>(AGGREGATOR).await?.spec?.replicas
}

/// Sets the replicas, as the autoscaler does.
async fn scale(env: &TestEnv, replicas: i32) {
    let by =
        PatchParams { field_manager: Some("horizontal-pod-autoscaler".into()), ..PatchParams::default() };
    let patch = Patch::Merge(json!({"spec": {"replicas": replicas}}));
    env.api::<Deployment>().patch_scale(AGGREGATOR, &by, &patch).await.unwrap();
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn new_deployment_starts_at_the_minimum_and_keeps_replicas_of_the_autoscaler() {
    let env = TestEnv::new().await;
    env.apply(scaled(json!({}))).await;
    let created = eventually_async("it exists", async || env.get::<Deployment>(AGGREGATOR).await).await;
    assert_eq!((created.spec.unwrap().replicas, created.metadata.generation), (Some(2), Some(1)));
    env.until_ready().await;
    env.until_up_to_date().await;

    scale(&env, 5).await;
    env.until_up_to_date().await;
    assert_eq!(replicas(&env).await, Some(5));
    env.apply(scaled(json!({"podTemplate": {"annotations": {"changed": "yes"}}}))).await;
    let changed = async || {
        let template = env.get::<Deployment>(AGGREGATOR).await?.spec?.template;
        template.metadata?.annotations?.get("changed").cloned()
    };
    eventually_async("it is applied again", changed).await;
    env.until_ready().await;
    assert_eq!(replicas(&env).await, Some(5));
    assert_eq!(env.notes("DriftCorrected").await, Vec::<String>::new());
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn deployment_with_a_new_autoscaler_keeps_its_replicas() {
    let env = TestEnv::new().await;
    env.apply(json!({"aggregator": {"replicas": 4}})).await;
    env.until_ready().await;
    // Applied again with another change, which must not change the replicas.
    for annotation in ["one", "two"] {
        env.apply(scaled(json!({"podTemplate": {"annotations": {"changed": annotation}}}))).await;
        env.until_ready().await;
        assert_eq!(replicas(&env).await, Some(4));
    }
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn resumed_deployment_starts_at_the_minimum() {
    let env = TestEnv::new().await;
    env.apply(scaled(json!({}))).await;
    env.until_ready().await;
    let mut suspended = scaled(json!({}));
    suspended["suspend"] = json!(true);
    env.apply(suspended).await;
    env.until_condition("Ready", "False", "Suspended").await;
    env.apply(scaled(json!({}))).await;
    env.until_ready().await;
    assert_eq!(replicas(&env).await, Some(2));
    env.end().await;
}
