//! The order of the stages: the database, its schema, then its clients.

use ccx_crds::SchemaVersion;
use k8s_openapi::{
    NamespaceResourceScope,
    api::{apps::v1::Deployment, batch::v1::Job, core::v1::Pod},
};
use kube::{
    Resource, ResourceExt as _,
    api::{DeleteParams, ListParams},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{
    kubelet::{failed, migrated},
    test_env::{TestEnv, until},
};

const DATABASE: &str = "data-pipeline-db";
const MIGRATION: &str = "migration";

async fn names<K>(env: &TestEnv) -> Vec<String>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + DeserializeOwned
        + std::fmt::Debug,
{
    env.list::<K>().await.iter().map(K::name_any).collect()
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn migration_waits_for_the_database() {
    let env = TestEnv::new().await;
    env.kubelet.set(DATABASE, Value::Null).await;
    env.apply(json!({})).await;
    let condition = env.until_condition("SchemaMigrated", "False", "Waiting").await;
    assert!(condition.message.contains("StatefulSet ccx-data-pipeline-db is not ready"), "{condition:?}");
    env.until_up_to_date().await;
    assert_eq!(names::<Job>(&env).await.iter().filter(|name| name.contains(MIGRATION)).count(), 0);
    until("the pipeline, which does not use the database", async || {
        (names::<Deployment>(&env).await == ["ccx-data-pipeline"]).then_some(())
    })
    .await;
    env.kubelet.reset(DATABASE).await;
    env.until_ready().await;
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn failed_migration_holds_back_workloads_and_reports_its_output() {
    let env = TestEnv::new().await;
    env.kubelet.set(MIGRATION, failed(1, "relation \"report\" exists")).await;
    env.apply(json!({})).await;
    let condition = env.until_condition("SchemaMigrated", "False", "MigrationFailed").await;
    assert!(condition.message.contains("relation \"report\" exists"), "{condition:?}");
    env.until_condition("Degraded", "True", "MigrationFailed").await;
    until("the pipeline, which does not use the schema", async || {
        (names::<Deployment>(&env).await == ["ccx-data-pipeline"]).then_some(())
    })
    .await;
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn migration_runs_once() {
    let env = TestEnv::new().await;
    env.apply(json!({})).await;
    env.until_ready().await;
    let names = async || env.list::<Job>().await.iter().map(Job::uid).collect::<Vec<_>>();
    let before = names().await;
    env.apply(json!({"dataPipeline": {"replicas": 2}})).await;
    env.until_ready().await;
    env.until_up_to_date().await;
    assert_eq!(names().await, before);
    until("the Jobs are left", async || (names().await.len() == 2).then_some(())).await;
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn schema_version_is_kept_until_another_migration_succeeds() {
    let env = TestEnv::new().await;
    env.kubelet.set(MIGRATION, migrated(31, 3)).await;
    env.apply(json!({})).await;
    env.until_ready().await;
    let known = async || until("a version", async || env.pipeline().await.status?.schema_version).await;
    let first = known().await;
    assert_eq!((first.public, first.dvo), (31, 3));

    let of_migration = ListParams::default().labels("app.kubernetes.io/component=migration");
    env.api::<Pod>().delete_collection(&DeleteParams::default(), &of_migration).await.unwrap();
    env.until_up_to_date().await;
    assert_eq!(known().await, first, "its pod is gone");

    env.kubelet.set(MIGRATION, failed(5, "{\"public\":32,\"dvo\":4}")).await;
    env.apply(json!({"image": "registry.example.com/ccx:2"})).await;
    env.until_condition("SchemaMigrated", "False", "MigrationFailed").await;
    assert_eq!(known().await, first, "the next one has failed");

    env.kubelet.set(MIGRATION, migrated(32, 4)).await;
    env.until_ready().await;
    let is_another = |it: &SchemaVersion| it.job != first.job;
    let second =
        until("another", async || env.pipeline().await.status?.schema_version.filter(is_another)).await;
    assert_eq!((second.public, second.dvo), (32, 4));
    env.end().await;
}
