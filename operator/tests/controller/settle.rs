//! What is as it should be is left alone.

use k8s_openapi::api::{
    apps::v1::{Deployment, StatefulSet},
    autoscaling::v2::HorizontalPodAutoscaler,
    batch::v1::Job,
    core::v1::{Secret, Service},
};
use serde_json::{Value, json};

use crate::world::World;

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn new_resource_becomes_ready_with_all_of_its_parts() {
    let world = World::new().await;
    world.apply(json!({"aggregator": {"autoscaling": {"type": "Cpu"}}})).await;
    world.until_ready().await;
    assert_eq!(world.list::<HorizontalPodAutoscaler>().await.len(), 1);
    for name in ["ccx-data-pipeline", "ccx-insights-results-db-writer", "ccx-insights-results-aggregator"] {
        assert!(world.get::<Deployment>(name).await.is_some(), "{name}");
    }
    assert!(world.get::<StatefulSet>("ccx-data-pipeline-db").await.is_some());
    assert!(world.get::<Service>("ccx-insights-results-aggregator").await.is_some());
    assert!(
        world
            .list::<Secret>()
            .await
            .iter()
            .any(|secret| secret.data.as_ref().is_some_and(|data| !data.is_empty()))
    );
    assert_eq!(world.list::<Job>().await.len(), 2, "the tables and the topics are prepared");
    let status = world.pipeline().await.status.unwrap();
    let pipeline = status.components.iter().find(|component| component.name == "data-pipeline").unwrap();
    assert_eq!((pipeline.summary.as_str(), pipeline.updated), ("8/8", 8));
    let seen = crate::world::until("a version", async || world.pipeline().await.status?.schema_version);
    let schema = seen.await;
    assert_eq!((schema.public, schema.dvo), (32, 4));
    assert_eq!((status.data_pipeline_replicas, status.rules.map(|rules| rules.count)), (Some(8), Some(86)));
    world.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn every_condition_is_set_on_the_first_visit() {
    let world = World::new().await;
    world.apply(json!({})).await;
    let status = crate::world::until("a status", async || world.pipeline().await.status).await;
    let mut names: Vec<&str> = status.conditions.iter().map(|condition| condition.type_.as_str()).collect();
    names.sort_unstable();
    let expected = [
        "ApiReady",
        "Available",
        "DatabaseReady",
        "Degraded",
        "KafkaReachable",
        "ObjectStorageReachable",
        "PipelineReady",
        "Progressing",
        "Ready",
        "RulesLoaded",
        "SchemaMigrated",
        "WriterReady",
    ];
    assert_eq!(names, expected);
    assert!(status.conditions.iter().all(|condition| condition.observed_generation == Some(1)));
    world.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn with_no_change_there_is_no_write() {
    let world = World::new().await;
    world.apply(json!({})).await;
    world.until_ready().await;
    world.until_settled().await;
    let (writes, reconciles) = (world.metrics().writes(), world.metrics().reconciles());
    while world.metrics().reconciles() < reconciles + 5 {
        tokio::time::sleep(crate::world::RESYNC).await;
    }
    assert_eq!(world.metrics().writes(), writes);
    world.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn controller_that_starts_beside_a_settled_resource_writes_nothing() {
    let mut world = World::new().await;
    world.apply(json!({"aggregator": {"exposure": {"type": "Ingress", "host": "ccx.example.com"}}})).await;
    world.until_ready().await;
    world.until_settled().await;
    world.stop_operator().await;
    world.start_operator();
    world.until_settled().await;
    assert_eq!(world.writes(), Vec::<String>::new());
    world.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn resource_is_not_ready_for_its_newest_generation_before_its_pods_are() {
    let world = World::new().await;
    world.apply(json!({})).await;
    world.until_ready().await;
    world.until_settled().await;
    let statuses = world.follow().await;
    world.kubelet.set("data-pipeline", Value::Null).await;
    world.apply(json!({"dataPipeline": {"archiveLimits": {"maxCompressedSize": "1500k"}}})).await;
    world.until_condition("Ready", "False", "RollingOut").await;
    world.until_settled().await;
    let seen: Vec<_> =
        statuses.seen().into_iter().filter(|status| status.observed_generation == Some(2)).collect();
    assert!(!seen.is_empty());
    for status in seen {
        let ready = status.conditions.iter().find(|condition| condition.type_ == "Ready").unwrap();
        assert_eq!(ready.status, "False", "no pod of the new template is ready: {ready:?}");
    }
    world.kubelet.heal("data-pipeline").await;
    world.until_ready().await;
    world.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn change_of_one_field_writes_what_follows_from_it_and_the_status() {
    let world = World::new().await;
    world.apply(json!({})).await;
    world.until_ready().await;
    world.until_settled().await;
    let before = world.writes();
    world.apply(json!({"dataPipeline": {"replicas": 7}})).await;
    world.until_ready().await;
    world.until_settled().await;
    let deployment = world.get::<Deployment>("ccx-data-pipeline").await.unwrap();
    assert_eq!(deployment.spec.unwrap().replicas, Some(7));
    let mut after = world.writes();
    after.retain(|line| !before.contains(line) && !line.contains("ccxpipelines/status"));
    assert_eq!(
        after,
        ["ccx_operator_api_writes_total{resource=\"deployments\",verb=\"patch\"} 4"],
        "three of them to create"
    );
    world.end().await;
}
