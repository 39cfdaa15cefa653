//! Suspended, paused, only planned.

use k8s_openapi::api::{apps::v1::Deployment, core::v1::Pod};
use kube::api::{DeleteParams, ListParams};
use serde_json::json;

use crate::world::{World, until};

const WORKLOADS: [&str; 3] =
    ["ccx-data-pipeline", "ccx-insights-results-db-writer", "ccx-insights-results-aggregator"];

async fn pods(world: &World, role: &str) -> usize {
    let selector = ListParams::default().labels(&format!("app.kubernetes.io/component={role}"));
    world.api::<Pod>().list(&selector).await.unwrap().items.len()
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn suspension_scales_to_zero_in_order_and_resumes() {
    let world = World::new().await;
    world.apply(json!({})).await;
    world.until_ready().await;
    world.apply(json!({"suspend": true})).await;
    // Looked at all the while: the writer has its pod as long as the pipeline has one, and the API as long as the writer has.
    until("all is gone", async || {
        let [pipeline, writer] =
            [pods(&world, "data-pipeline").await, pods(&world, "insights-results-db-writer").await];
        let deployment = world.get::<Deployment>(WORKLOADS[1]).await.unwrap();
        assert!(
            pipeline == 0
                || deployment.spec.unwrap().replicas == Some(1)
                || pods(&world, "data-pipeline").await == 0
        );
        let api = pods(&world, "insights-results-aggregator").await;
        (pipeline + writer + api == 0).then_some(())
    })
    .await;
    world.until_condition("Ready", "False", "Suspended").await;
    assert_eq!(pods(&world, "data-pipeline-db").await, 1, "the database keeps running");
    world.apply(json!({})).await;
    world.until_ready().await;
    assert_eq!(pods(&world, "data-pipeline").await, 8);
    world.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn paused_resource_is_only_looked_at() {
    let world = World::new().await;
    world.apply(json!({})).await;
    world.until_ready().await;
    world.apply(json!({"reconciliation": "Paused", "dataPipeline": {"replicas": 3}})).await;
    world.until_condition("Progressing", "False", "Paused").await;
    world.api::<Deployment>().delete(WORKLOADS[1], &DeleteParams::default()).await.unwrap();
    world.until_condition("WriterReady", "False", "Starting").await;
    world.until_settled().await;
    assert!(world.get::<Deployment>(WORKLOADS[1]).await.is_none());
    assert_eq!(world.get::<Deployment>(WORKLOADS[0]).await.unwrap().spec.unwrap().replicas, Some(8));
    world.apply(json!({"dataPipeline": {"replicas": 3}})).await;
    world.until_ready().await;
    world.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn plan_says_what_would_change_and_what_would_restart_and_changes_nothing() {
    let world = World::new().await;
    world.apply(json!({"mode": "Plan"})).await;
    world.until_condition("Progressing", "False", "Planned").await;
    let plan = until("a plan", async || world.pipeline().await.status?.plan).await;
    assert!(
        plan.changes.iter().any(|change| change.kind == "Deployment" && change.name == WORKLOADS[0]),
        "{plan:?}"
    );
    assert!(world.list::<Deployment>().await.is_empty());
    world.apply(json!({})).await;
    world.until_ready().await;
    world.apply(json!({"mode": "Plan", "image": "registry.example.com/ccx:2"})).await;
    let plan = until("a plan", async || {
        world.pipeline().await.status?.plan.filter(|plan| !plan.restarts.is_empty())
    })
    .await;
    let reason = &plan.restarts.iter().find(|restart| restart.component == "data-pipeline").unwrap().reason;
    assert_eq!(reason, "the image changes from registry.example.com/ccx:1 to registry.example.com/ccx:2");
    world.until_settled().await;
    let deployment = world.get::<Deployment>(WORKLOADS[0]).await.unwrap();
    let image = deployment.spec.unwrap().template.spec.unwrap().containers[0].image.clone();
    assert_eq!(image.as_deref(), Some("registry.example.com/ccx:1"));
    world.end().await;
}
