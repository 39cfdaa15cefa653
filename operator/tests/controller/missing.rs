//! What is missing holds back those who need it; all else is made, corrected and changed.

use std::collections::BTreeMap;

use k8s_openapi::{
    ByteString,
    api::{apps::v1::Deployment, batch::v1::Job, core::v1::Secret, networking::v1::Ingress},
};
use kube::{
    ResourceExt as _,
    api::{DeleteParams, ObjectMeta, Patch, PatchParams, PostParams},
};
use serde_json::{Value, json};

use crate::world::{World, until};

const PIPELINE: &str = "ccx-data-pipeline";
const WRITER: &str = "ccx-insights-results-db-writer";
const AGGREGATOR: &str = "ccx-insights-results-aggregator";

fn secret(name: &str, keys: [&str; 2]) -> Secret {
    let data: BTreeMap<String, ByteString> = keys.map(|key| (key.into(), ByteString(key.into()))).into();
    let metadata = ObjectMeta { name: Some(name.into()), ..ObjectMeta::default() };
    Secret { metadata, data: Some(data), ..Secret::default() }
}

/// A resource whose pipeline needs the Secret `uploads`.
fn with_uploads(mut spec: Value) -> Value {
    spec["objectStorage"] = json!({"credentials": {"type": "Secret", "secretRef": {"name": "uploads"}}});
    spec
}

async fn make_uploads(world: &World) {
    let uploads = secret("uploads", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]);
    world.api::<Secret>().create(&PostParams::default(), &uploads).await.unwrap();
}

async fn delete_secret(world: &World, name: &str) {
    world.api::<Secret>().delete(name, &DeleteParams::default()).await.unwrap();
}

async fn replicas(world: &World, name: &str) -> Option<i32> {
    world.get::<Deployment>(name).await?.spec?.replicas
}

/// The version of the specification: it grows with every change of it.
async fn generation(world: &World, name: &str) -> Option<i64> {
    world.get::<Deployment>(name).await.unwrap().metadata.generation
}

async fn scale_by_hand(world: &World, name: &str) {
    let parameters = PatchParams { field_manager: Some("a-person".into()), ..PatchParams::default() };
    let patch = Patch::Merge(json!({"spec": {"replicas": 5}}));
    world.api::<Deployment>().patch(name, &parameters, &patch).await.unwrap();
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn what_does_not_need_a_missing_secret_is_made_and_the_rest_follows_when_it_comes() {
    let world = World::new().await;
    world.apply(with_uploads(json!({}))).await;
    for kind in ["ApiReady", "WriterReady", "SchemaMigrated", "DatabaseReady"] {
        world.until_condition(kind, "True", "AsExpected").await;
    }
    let condition = world.until_condition("PipelineReady", "False", "SecretMissing").await;
    assert!(condition.message.starts_with("Secret uploads, which "), "{condition:?}");
    world.until_condition("Ready", "False", "SecretMissing").await;
    world.until_condition("Degraded", "True", "SecretMissing").await;
    assert!(world.get::<Deployment>(PIPELINE).await.is_none());
    make_uploads(&world).await;
    world.until_ready().await;
    world.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn without_a_secret_pods_that_need_it_stay_as_they_are_and_all_else_is_changed_and_corrected() {
    let world = World::new().await;
    make_uploads(&world).await;
    let exposed = json!({"exposure": {"type": "Ingress", "host": "ccx.example.com"}});
    world.apply(with_uploads(json!({"aggregator": exposed}))).await;
    world.until_ready().await;
    world.until_settled().await;
    let (before, jobs) = (generation(&world, PIPELINE).await, job_uids(&world).await);

    delete_secret(&world, "uploads").await;
    world.until_condition("PipelineReady", "True", "SecretMissing").await;
    let aggregator = json!({"autoscaling": {"type": "None"}, "replicas": 3});
    world.apply(with_uploads(json!({"dataPipeline": {"replicas": 7}, "aggregator": aggregator}))).await;
    until("the API is scaled", async || (replicas(&world, AGGREGATOR).await == Some(3)).then_some(())).await;
    until("the Ingress is gone", async || world.list::<Ingress>().await.is_empty().then_some(())).await;
    scale_by_hand(&world, WRITER).await;
    until("the writer is restored", async || (replicas(&world, WRITER).await == Some(1)).then_some(())).await;
    assert_eq!(generation(&world, PIPELINE).await, before);
    assert_eq!(job_uids(&world).await, jobs);

    make_uploads(&world).await;
    world.until_ready().await;
    assert_eq!(replicas(&world, PIPELINE).await, Some(7));
    world.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn without_the_databases_secret_nothing_is_migrated_again_and_its_clients_stay_as_they_are() {
    let world = World::new().await;
    let login = || secret("login", ["username", "password"]);
    world.api::<Secret>().create(&PostParams::default(), &login()).await.unwrap();
    let database = json!({"type": "External", "external":
        {"host": "db", "name": "ccx", "credentialsSecretRef": {"name": "login"}}});
    world.apply(json!({"database": database})).await;
    world.until_ready().await;
    world.until_settled().await;
    let (clients, jobs) =
        ([generation(&world, WRITER).await, generation(&world, AGGREGATOR).await], job_uids(&world).await);

    delete_secret(&world, "login").await;
    world.until_condition("SchemaMigrated", "Unknown", "SecretMissing").await;
    world.apply(json!({"database": database, "dataPipeline": {"replicas": 7}})).await;
    until("the pipeline is scaled", async || (replicas(&world, PIPELINE).await == Some(7)).then_some(()))
        .await;
    assert_eq!([generation(&world, WRITER).await, generation(&world, AGGREGATOR).await], clients);
    assert_eq!(job_uids(&world).await, jobs);
    let version = world.pipeline().await.status.unwrap().schema_version;
    assert_eq!(version.map(|version| version.public), Some(32), "it is what the last migration has said");

    world.api::<Secret>().create(&PostParams::default(), &login()).await.unwrap();
    world.until_ready().await;
    world.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn what_lacks_a_secret_can_be_suspended() {
    let world = World::new().await;
    make_uploads(&world).await;
    world.apply(with_uploads(json!({}))).await;
    world.until_ready().await;
    delete_secret(&world, "uploads").await;
    world.apply(with_uploads(json!({"suspend": true}))).await;
    for workload in [PIPELINE, WRITER, AGGREGATOR] {
        until("all is scaled to zero", async || (replicas(&world, workload).await == Some(0)).then_some(()))
            .await;
    }
    world.apply(with_uploads(json!({}))).await;
    until("the API is back", async || (replicas(&world, AGGREGATOR).await > Some(0)).then_some(())).await;
    assert_eq!(replicas(&world, PIPELINE).await, Some(0), "its pods could not start");
    world.end().await;
}

async fn job_uids(world: &World) -> Vec<Option<String>> {
    world.list::<Job>().await.iter().map(Job::uid).collect()
}
