//! A missing reference holds back only the children that need it; all others are applied.

use ccx_test_support::eventually_async;
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

use crate::test_env::TestEnv;

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

async fn make_uploads(env: &TestEnv) {
    let uploads = secret("uploads", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]);
    env.api::<Secret>().create(&PostParams::default(), &uploads).await.unwrap();
}

async fn delete_secret(env: &TestEnv, name: &str) {
    env.api::<Secret>().delete(name, &DeleteParams::default()).await.unwrap();
}

async fn replicas(env: &TestEnv, name: &str) -> Option<i32> {
    env.get::<Deployment>(name).await?.spec?.replicas
}

/// Returns the generation, which grows with every change of the spec.
async fn generation(env: &TestEnv, name: &str) -> Option<i64> {
    env.get::<Deployment>(name).await.unwrap().metadata.generation
}

async fn scale_by_hand(env: &TestEnv, name: &str) {
    let parameters = PatchParams { field_manager: Some("a-person".into()), ..PatchParams::default() };
    let patch = Patch::Merge(json!({"spec": {"replicas": 5}}));
    env.api::<Deployment>().patch(name, &parameters, &patch).await.unwrap();
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn missing_secret_holds_back_only_its_users_until_it_is_created() {
    let env = TestEnv::new().await;
    env.apply(with_uploads(json!({}))).await;
    for kind in ["ApiReady", "WriterReady", "SchemaMigrated", "DatabaseReady"] {
        env.until_condition(kind, "True", "AsExpected").await;
    }
    let condition = env.until_condition("PipelineReady", "False", "SecretMissing").await;
    assert!(condition.message.starts_with("Secret uploads, which "), "{condition:?}");
    env.until_condition("Ready", "False", "SecretMissing").await;
    env.until_condition("Degraded", "True", "SecretMissing").await;
    assert!(env.get::<Deployment>(PIPELINE).await.is_none());
    make_uploads(&env).await;
    env.until_ready().await;
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn deleted_secret_keeps_its_users_unchanged_and_others_reconciled() {
    let env = TestEnv::new().await;
    make_uploads(&env).await;
    let exposed = json!({"exposure": {"type": "Ingress", "host": "ccx.example.com"}});
    env.apply(with_uploads(json!({"aggregator": exposed}))).await;
    env.until_ready().await;
    env.until_up_to_date().await;
    let (before, jobs) = (generation(&env, PIPELINE).await, job_uids(&env).await);

    delete_secret(&env, "uploads").await;
    env.until_condition("PipelineReady", "True", "SecretMissing").await;
    let aggregator = json!({"autoscaling": {"type": "None"}, "replicas": 3});
    env.apply(with_uploads(json!({"dataPipeline": {"replicas": 7}, "aggregator": aggregator}))).await;
    eventually_async("the API is scaled", async || {
        (replicas(&env, AGGREGATOR).await == Some(3)).then_some(())
    })
    .await;
    eventually_async("the Ingress is gone", async || env.list::<Ingress>().await.is_empty().then_some(()))
        .await;
    scale_by_hand(&env, WRITER).await;
    eventually_async("the writer is restored", async || {
        (replicas(&env, WRITER).await == Some(1)).then_some(())
    })
    .await;
    assert_eq!(generation(&env, PIPELINE).await, before);
    assert_eq!(job_uids(&env).await, jobs);

    make_uploads(&env).await;
    env.until_ready().await;
    assert_eq!(replicas(&env, PIPELINE).await, Some(7));
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn deleted_database_secret_repeats_no_migration_and_keeps_clients_unchanged() {
    let env = TestEnv::new().await;
    let login = || secret("login", ["username", "password"]);
    env.api::<Secret>().create(&PostParams::default(), &login()).await.unwrap();
    let database = json!({"type": "External", "external":
        {"host": "db", "name": "ccx", "credentialsSecretRef": {"name": "login"}}});
    env.apply(json!({"database": database})).await;
    env.until_ready().await;
    env.until_up_to_date().await;
    let (clients, jobs) =
        ([generation(&env, WRITER).await, generation(&env, AGGREGATOR).await], job_uids(&env).await);

    delete_secret(&env, "login").await;
    env.until_condition("SchemaMigrated", "Unknown", "SecretMissing").await;
    env.apply(json!({"database": database, "dataPipeline": {"replicas": 7}})).await;
    eventually_async("the pipeline is scaled", async || {
        (replicas(&env, PIPELINE).await == Some(7)).then_some(())
    })
    .await;
    assert_eq!([generation(&env, WRITER).await, generation(&env, AGGREGATOR).await], clients);
    assert_eq!(job_uids(&env).await, jobs);
    let version = env.pipeline().await.status.unwrap().schema_version;
    assert_eq!(version.map(|version| version.public), Some(32), "it is what the last migration has said");

    env.api::<Secret>().create(&PostParams::default(), &login()).await.unwrap();
    env.until_ready().await;
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn workload_with_a_missing_secret_can_be_suspended() {
    let env = TestEnv::new().await;
    make_uploads(&env).await;
    env.apply(with_uploads(json!({}))).await;
    env.until_ready().await;
    delete_secret(&env, "uploads").await;
    env.apply(with_uploads(json!({"suspend": true}))).await;
    for workload in [PIPELINE, WRITER, AGGREGATOR] {
        eventually_async("all is scaled to zero", async || {
            (replicas(&env, workload).await == Some(0)).then_some(())
        })
        .await;
    }
    env.apply(with_uploads(json!({}))).await;
    eventually_async("the API is back", async || (replicas(&env, AGGREGATOR).await > Some(0)).then_some(()))
        .await;
    assert_eq!(replicas(&env, PIPELINE).await, Some(0), "its pods could not start");
    env.end().await;
}

async fn job_uids(env: &TestEnv) -> Vec<Option<String>> {
    env.list::<Job>().await.iter().map(Job::uid).collect()
}
