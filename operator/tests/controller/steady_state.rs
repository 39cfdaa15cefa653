//! A resource that is up to date causes no request.

use ccx_test_support::eventually_async;
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
async fn new_resource_becomes_ready_with_all_children() {
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
    assert_eq!(env.list::<Job>().await.len(), 2, "the Jobs for the schema and the topics exist");
    let status = env.pipeline().await.status.unwrap();
    let pipeline = status.components.iter().find(|component| component.name == "data-pipeline").unwrap();
    assert_eq!((pipeline.summary.as_str(), pipeline.updated), ("8/8", 8));
    let seen = eventually_async("a version", async || env.pipeline().await.status?.schema_version);
    let schema = seen.await;
    assert_eq!((schema.public, schema.dvo), (32, 4));
    assert_eq!((status.data_pipeline_replicas, status.rules.map(|rules| rules.count)), (Some(8), Some(86)));
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn first_reconcile_sets_every_condition() {
    let env = TestEnv::new().await;
    env.apply(json!({})).await;
    let report = async || env.pipeline().await.status.filter(|it| it.observed_generation.is_some());
    let status = eventually_async("a report after the claim", report).await;
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
async fn unchanged_resource_causes_no_write() {
    let env = TestEnv::new().await;
    env.apply(json!({})).await;
    env.until_ready().await;
    env.until_up_to_date().await;
    let (writes, reconciles) = (env.metrics().writes(), env.metrics().reconciles());
    while env.metrics().reconciles() < reconciles + 5 {
        tokio::time::sleep(crate::test_env::RESYNC).await;
    }
    assert_eq!(env.metrics().writes(), writes);
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn restarted_controller_writes_nothing() {
    let mut env = TestEnv::new().await;
    env.apply(json!({"aggregator": {"exposure": {"type": "Ingress", "host": "ccx.example.com"}}})).await;
    env.until_ready().await;
    env.until_up_to_date().await;
    env.stop_operator().await;
    env.start_operator();
    env.until_up_to_date().await;
    assert_eq!(env.writes(), Vec::<String>::new());
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn new_generation_is_not_ready_before_its_pods() {
    let env = TestEnv::new().await;
    env.apply(json!({})).await;
    env.until_ready().await;
    env.until_up_to_date().await;
    let statuses = env.follow().await;
    env.kubelet.set("data-pipeline", Value::Null).await;
    env.apply(json!({"dataPipeline": {"archiveLimits": {"maxCompressedSize": "1500k"}}})).await;
    env.until_condition("Ready", "False", "RollingOut").await;
    env.until_up_to_date().await;
    let seen: Vec<_> =
        statuses.seen().into_iter().filter(|status| status.observed_generation == Some(2)).collect();
    assert!(!seen.is_empty());
    for status in seen {
        let ready = status.conditions.iter().find(|condition| condition.type_ == "Ready").unwrap();
        assert_eq!(ready.status, "False", "no pod of the new template is ready: {ready:?}");
    }
    env.kubelet.reset("data-pipeline").await;
    env.until_ready().await;
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn changed_field_writes_dependent_objects_and_the_status_only() {
    let env = TestEnv::new().await;
    env.apply(json!({})).await;
    env.until_ready().await;
    env.until_up_to_date().await;
    let before = env.writes();
    env.apply(json!({"dataPipeline": {"replicas": 7}})).await;
    env.until_ready().await;
    env.until_up_to_date().await;
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
