//! How many pods there are, when something else decides it.

use k8s_openapi::api::apps::v1::Deployment;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use crate::world::{World, until};

const AGGREGATOR: &str = "ccx-insights-results-aggregator";

fn scaled(mut aggregator: Value) -> Value {
    aggregator["autoscaling"] = json!({"type": "Cpu"});
    json!({"aggregator": aggregator})
}

async fn replicas(world: &World) -> Option<i32> {
    world.get::<Deployment>(AGGREGATOR).await?.spec?.replicas
}

/// As the autoscaler does.
async fn scale(world: &World, replicas: i32) {
    let by =
        PatchParams { field_manager: Some("horizontal-pod-autoscaler".into()), ..PatchParams::default() };
    let patch = Patch::Merge(json!({"spec": {"replicas": replicas}}));
    world.api::<Deployment>().patch_scale(AGGREGATOR, &by, &patch).await.unwrap();
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn new_deployment_starts_with_the_fewest_pods_and_what_the_autoscaler_decides_then_stays() {
    let world = World::new().await;
    world.apply(scaled(json!({}))).await;
    let created = until("it exists", async || world.get::<Deployment>(AGGREGATOR).await).await;
    assert_eq!((created.spec.unwrap().replicas, created.metadata.generation), (Some(2), Some(1)));
    world.until_ready().await;
    world.until_settled().await;

    scale(&world, 5).await;
    world.until_settled().await;
    assert_eq!(replicas(&world).await, Some(5));
    world.apply(scaled(json!({"podTemplate": {"annotations": {"changed": "yes"}}}))).await;
    let changed = async || {
        let template = world.get::<Deployment>(AGGREGATOR).await?.spec?.template;
        template.metadata?.annotations?.get("changed").cloned()
    };
    until("it is applied again", changed).await;
    world.until_ready().await;
    assert_eq!(replicas(&world).await, Some(5));
    assert_eq!(world.notes("DriftCorrected").await, Vec::<String>::new());
    world.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn who_gets_an_autoscaler_keeps_its_pods() {
    let world = World::new().await;
    world.apply(json!({"aggregator": {"replicas": 4}})).await;
    world.until_ready().await;
    // Applied again with everything, to see that no other change takes them.
    for annotation in ["one", "two"] {
        world.apply(scaled(json!({"podTemplate": {"annotations": {"changed": annotation}}}))).await;
        world.until_ready().await;
        assert_eq!(replicas(&world).await, Some(4));
    }
    world.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn who_was_suspended_starts_with_the_fewest_pods_again() {
    let world = World::new().await;
    world.apply(scaled(json!({}))).await;
    world.until_ready().await;
    let mut suspended = scaled(json!({}));
    suspended["suspend"] = json!(true);
    world.apply(suspended).await;
    world.until_condition("Ready", "False", "Suspended").await;
    world.apply(scaled(json!({}))).await;
    world.until_ready().await;
    assert_eq!(replicas(&world).await, Some(2));
    world.end().await;
}
