//! Suspended and paused resources, and the mode `Plan`.

use std::time::Instant;

use ccx_crds::CcxPipeline;
use ccx_test_support::eventually_async;
use k8s_openapi::{
    api::{apps::v1::Deployment, coordination::v1::Lease, core::v1::Pod},
    apimachinery::pkg::apis::meta::v1::MicroTime,
    jiff::Timestamp,
};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use serde_json::json;

use crate::test_env::{RESYNC, TAKEOVER, TestEnv};

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

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn resource_of_another_operator_is_left_alone_until_it_is_released() {
    let mut env = TestEnv::up_to_date(json!({})).await;
    let claimed = env.pipeline().await.status.unwrap().controller;
    assert_eq!(claimed.as_deref(), Some("operators/ccx-operator"));
    env.stop_operator().await;
    env.controller = "operators/other".into();
    env.start_operator();
    env.apply(json!({"dataPipeline": {"replicas": 3}})).await;
    let note = async || env.notes("ClaimedByOther").await.into_iter().next();
    let note = eventually_async("the claim is reported", note).await;
    assert!(note.contains("the operator operators/ccx-operator manages this resource"), "{note}");
    tokio::time::sleep(RESYNC * 3).await;
    let others = env.writes().into_iter().filter(|write| !write.contains("\"events\""));
    assert_eq!(others.collect::<Vec<_>>(), Vec::<String>::new());
    let release = Patch::Merge(json!({"status": {"controller": null}}));
    env.api::<CcxPipeline>().patch_status("ccx", &PatchParams::default(), &release).await.unwrap();
    env.until_ready().await;
    assert_eq!(env.pipeline().await.status.unwrap().controller.as_deref(), Some("operators/other"));
    env.end().await;
}

/// Renews the Lease of an operator.
async fn renew(env: &TestEnv, name: &str) {
    let lease = json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": name},
        "spec": {"holderIdentity": "pod", "renewTime": MicroTime(Timestamp::now())}});
    env.api::<Lease>().patch(name, &PatchParams::apply("test").force(), &Patch::Apply(lease)).await.unwrap();
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn claim_is_taken_over_when_its_operator_no_longer_renews_its_lease() {
    let mut env = TestEnv::empty().await;
    let (old, new) = (format!("{}/old", env.namespace), format!("{}/new", env.namespace));
    env.controller.clone_from(&old);
    renew(&env, "old").await;
    env.start_operator();
    env.apply(json!({})).await;
    env.until_ready().await;
    env.stop_operator().await;
    env.controller.clone_from(&new);
    env.start_operator();
    env.apply(json!({"dataPipeline": {"replicas": 3}})).await;
    let claimed = async || env.pipeline().await.status.unwrap().controller.unwrap();
    let running = Instant::now();
    while running.elapsed() < TAKEOVER * 2 {
        renew(&env, "old").await;
        assert_eq!(claimed().await, old, "it is running");
        tokio::time::sleep(RESYNC).await;
    }
    eventually_async("another claim", async || claimed().await == new).await;
    env.until_ready().await;
    let notes = env.notes("ClaimTakenOver").await;
    assert!(notes.len() == 1 && notes[0].contains(&old), "{notes:?}");
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn claim_of_an_operator_without_a_lease_is_taken_over() {
    let mut env = TestEnv::empty().await;
    env.controller = format!("{}/uninstalled", env.namespace);
    env.start_operator();
    env.apply(json!({})).await;
    env.until_ready().await;
    env.stop_operator().await;
    env.controller = format!("{}/new", env.namespace);
    env.start_operator();
    env.apply(json!({"dataPipeline": {"replicas": 3}})).await;
    eventually_async("another claim", async || {
        env.pipeline().await.status.unwrap().controller.is_some_and(|claim| claim.ends_with("/new"))
    })
    .await;
    env.until_ready().await;
    env.end().await;
}
