//! A resource that is up to date causes no request.

use k8s_openapi::api::{
    apps::v1::{Deployment, StatefulSet},
    autoscaling::v2::HorizontalPodAutoscaler,
    batch::v1::Job,
    core::v1::{Secret, Service},
};
use serde_json::{Value, json};

use crate::test_env::TestEnv;

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn new_resource_becomes_ready_with_all_of_its_parts() {
    let env = TestEnv::new().await;
    env.apply(json!({"aggregator": {"autoscaling": {"type": "Cpu"}}})).await;
    env.until_ready().await;
    assert_eq!(env.list::<HorizontalPodAutoscaler>().await.len(), 1);
    for name in ["ccx-data-pipeline", "ccx-insights-results-db-writer", "ccx-insights-results-aggregator"] {
        assert!(env.get::<Deployment>(name).await.is_some(), "{name}");
    }
    assert!(env.get::<StatefulSet>("ccx-data-pipeline-db").await.is_some());
    assert!(env.get::<Service>("ccx-insights-results-aggregator").await.is_some());
    assert!(
        env.list::<Secret>()
            .await
            .iter()
            .any(|secret| secret.data.as_ref().is_some_and(|data| !data.is_empty()))
    );
    assert_eq!(env.list::<Job>().await.len(), 2, "the tables and the topics are prepared");
    let status = env.pipeline().await.status.unwrap();
    let pipeline = status.components.iter().find(|component| component.name == "data-pipeline").unwrap();
    assert_eq!((pipeline.summary.as_str(), pipeline.updated), ("8/8", 8));
    let seen = crate::test_env::until("a version", async || env.pipeline().await.status?.schema_version);
    let schema = seen.await;
    assert_eq!((schema.public, schema.dvo), (32, 4));
    assert_eq!((status.data_pipeline_replicas, status.rules.map(|rules| rules.count)), (Some(8), Some(86)));
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn every_condition_is_set_on_the_first_visit() {
    let env = TestEnv::new().await;
    env.apply(json!({})).await;
    let status = crate::test_env::until("a status", async || env.pipeline().await.status).await;
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
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn with_no_change_there_is_no_write() {
    let env = TestEnv::new().await;
    env.apply(json!({})).await;
    env.until_ready().await;
    env.until_settled().await;
    let (writes, reconciles) = (env.metrics().writes(), env.metrics().reconciles());
    while env.metrics().reconciles() < reconciles + 5 {
        tokio::time::sleep(crate::test_env::RESYNC).await;
    }
    assert_eq!(env.metrics().writes(), writes);
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn controller_that_starts_beside_a_settled_resource_writes_nothing() {
    let mut env = TestEnv::new().await;
    env.apply(json!({"aggregator": {"exposure": {"type": "Ingress", "host": "ccx.example.com"}}})).await;
    env.until_ready().await;
    env.until_settled().await;
    env.stop_operator().await;
    env.start_operator();
    env.until_settled().await;
    assert_eq!(env.writes(), Vec::<String>::new());
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn resource_is_not_ready_for_its_newest_generation_before_its_pods_are() {
    let env = TestEnv::new().await;
    env.apply(json!({})).await;
    env.until_ready().await;
    env.until_settled().await;
    let statuses = env.follow().await;
    env.kubelet.set("data-pipeline", Value::Null).await;
    env.apply(json!({"dataPipeline": {"archiveLimits": {"maxCompressedSize": "1500k"}}})).await;
    env.until_condition("Ready", "False", "RollingOut").await;
    env.until_settled().await;
    let seen: Vec<_> =
        statuses.seen().into_iter().filter(|status| status.observed_generation == Some(2)).collect();
    assert!(!seen.is_empty());
    for status in seen {
        let ready = status.conditions.iter().find(|condition| condition.type_ == "Ready").unwrap();
        assert_eq!(ready.status, "False", "no pod of the new template is ready: {ready:?}");
    }
    env.kubelet.heal("data-pipeline").await;
    env.until_ready().await;
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn change_of_one_field_writes_what_follows_from_it_and_the_status() {
    let env = TestEnv::new().await;
    env.apply(json!({})).await;
    env.until_ready().await;
    env.until_settled().await;
    let before = env.writes();
    env.apply(json!({"dataPipeline": {"replicas": 7}})).await;
    env.until_ready().await;
    env.until_settled().await;
    let deployment = env.get::<Deployment>("ccx-data-pipeline").await.unwrap();
    assert_eq!(deployment.spec.unwrap().replicas, Some(7));
    let mut after = env.writes();
    after.retain(|line| !before.contains(line) && !line.contains("ccxpipelines/status"));
    assert_eq!(
        after,
        ["ccx_operator_api_writes_total{resource=\"deployments\",verb=\"patch\"} 4"],
        "three of them to create"
    );
    env.end().await;
}
