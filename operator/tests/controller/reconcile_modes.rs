//! Suspended and paused resources, and the mode `Plan`.

use ccx_test_support::eventually_async;
use k8s_openapi::api::{apps::v1::Deployment, core::v1::Pod};
use kube::api::{DeleteParams, ListParams};
use serde_json::json;

use crate::test_env::TestEnv;

const WORKLOADS: [&str; 3] =
    ["ccx-data-pipeline", "ccx-insights-results-db-writer", "ccx-insights-results-aggregator"];

async fn pods(env: &TestEnv, role: &str) -> usize {
    let selector = ListParams::default().labels(&format!("app.kubernetes.io/component={role}"));
    env.api::<Pod>().list(&selector).await.unwrap().items.len()
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn suspension_scales_to_zero_in_order_and_resumes() {
    let env = TestEnv::new().await;
    env.apply(json!({})).await;
    env.until_ready().await;
    env.apply(json!({"suspend": true})).await;
    // The order is observed: the writer has its pod as long as the pipeline has one, and the API as long as
    // the writer has.
    eventually_async("all is gone", async || {
        let [pipeline, writer] =
            [pods(&env, "data-pipeline").await, pods(&env, "insights-results-db-writer").await];
        let deployment = env.get::<Deployment>(WORKLOADS[1]).await.unwrap();
        assert!(
            pipeline == 0
                || deployment.spec.unwrap().replicas == Some(1)
                || pods(&env, "data-pipeline").await == 0
        );
        let api = pods(&env, "insights-results-aggregator").await;
        (pipeline + writer + api == 0).then_some(())
    })
    .await;
    env.until_condition("Ready", "False", "Suspended").await;
    assert_eq!(pods(&env, "data-pipeline-db").await, 1, "the database keeps running");
    env.apply(json!({})).await;
    env.until_ready().await;
    assert_eq!(pods(&env, "data-pipeline").await, 8);
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn paused_resource_is_observed_and_unchanged() {
    let env = TestEnv::new().await;
    env.apply(json!({})).await;
    env.until_ready().await;
    env.apply(json!({"mode": "Paused", "dataPipeline": {"replicas": 3}})).await;
    env.until_condition("Progressing", "False", "Paused").await;
    env.api::<Deployment>().delete(WORKLOADS[1], &DeleteParams::default()).await.unwrap();
    env.until_condition("WriterReady", "False", "Starting").await;
    env.until_up_to_date().await;
    assert!(env.get::<Deployment>(WORKLOADS[1]).await.is_none());
    assert_eq!(env.get::<Deployment>(WORKLOADS[0]).await.unwrap().spec.unwrap().replicas, Some(8));
    env.apply(json!({"dataPipeline": {"replicas": 3}})).await;
    env.until_ready().await;
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn plan_mode_reports_changes_and_restarts_and_writes_no_child() {
    let env = TestEnv::new().await;
    env.apply(json!({"mode": "Plan"})).await;
    env.until_condition("Progressing", "False", "Planned").await;
    let plan = eventually_async("a plan", async || env.pipeline().await.status?.plan).await;
    assert!(
        plan.changes.iter().any(|change| change.kind == "Deployment" && change.name == WORKLOADS[0]),
        "{plan:?}"
    );
    assert!(env.list::<Deployment>().await.is_empty());
    env.apply(json!({})).await;
    env.until_ready().await;
    env.apply(json!({"mode": "Plan", "image": "registry.example.com/ccx:2"})).await;
    let plan = eventually_async("a plan", async || {
        env.pipeline().await.status?.plan.filter(|plan| !plan.restarts.is_empty())
    })
    .await;
    let reason = &plan.restarts.iter().find(|restart| restart.component == "data-pipeline").unwrap().reason;
    assert_eq!(reason, "the image changes from registry.example.com/ccx:1 to registry.example.com/ccx:2");
    env.until_up_to_date().await;
    let deployment = env.get::<Deployment>(WORKLOADS[0]).await.unwrap();
    let image = deployment.spec.unwrap().template.spec.unwrap().containers[0].image.clone();
    assert_eq!(image.as_deref(), Some("registry.example.com/ccx:1"));
    env.end().await;
}
