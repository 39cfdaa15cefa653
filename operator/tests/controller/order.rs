//! What comes first: the database, then its tables, then those who use them.

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
    world::{World, until},
};

const DATABASE: &str = "data-pipeline-db";
const MIGRATION: &str = "migration";

async fn names<K>(world: &World) -> Vec<String>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + DeserializeOwned
        + std::fmt::Debug,
{
    world.list::<K>().await.iter().map(K::name_any).collect()
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn nothing_is_migrated_before_the_database_is_ready() {
    let world = World::new().await;
    world.kubelet.set(DATABASE, Value::Null).await;
    world.apply(json!({})).await;
    let condition = world.until_condition("SchemaMigrated", "False", "Waiting").await;
    assert!(condition.message.contains("StatefulSet ccx-data-pipeline-db is not ready"), "{condition:?}");
    world.until_settled().await;
    assert_eq!(names::<Job>(&world).await.iter().filter(|name| name.contains(MIGRATION)).count(), 0);
    until("the pipeline, which does not use the database", async || {
        (names::<Deployment>(&world).await == ["ccx-data-pipeline"]).then_some(())
    })
    .await;
    world.kubelet.heal(DATABASE).await;
    world.until_ready().await;
    world.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn migration_that_fails_keeps_the_workloads_back_and_its_last_words_are_told() {
    let world = World::new().await;
    world.kubelet.set(MIGRATION, failed(1, "relation \"report\" exists")).await;
    world.apply(json!({})).await;
    let condition = world.until_condition("SchemaMigrated", "False", "MigrationFailed").await;
    assert!(condition.message.contains("relation \"report\" exists"), "{condition:?}");
    world.until_condition("Degraded", "True", "MigrationFailed").await;
    until("the pipeline, which does not use the schema", async || {
        (names::<Deployment>(&world).await == ["ccx-data-pipeline"]).then_some(())
    })
    .await;
    world.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn migration_runs_once() {
    let world = World::new().await;
    world.apply(json!({})).await;
    world.until_ready().await;
    let names = async || world.list::<Job>().await.iter().map(Job::uid).collect::<Vec<_>>();
    let before = names().await;
    world.apply(json!({"dataPipeline": {"replicas": 2}})).await;
    world.until_ready().await;
    world.until_settled().await;
    assert_eq!(names().await, before);
    until("the Jobs are left", async || (names().await.len() == 2).then_some(())).await;
    world.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn version_of_the_tables_is_known_until_another_migration_succeeds() {
    let world = World::new().await;
    world.kubelet.set(MIGRATION, migrated(31, 3)).await;
    world.apply(json!({})).await;
    world.until_ready().await;
    let known = async || until("a version", async || world.pipeline().await.status?.schema_version).await;
    let first = known().await;
    assert_eq!((first.public, first.dvo), (31, 3));

    let of_migration = ListParams::default().labels("app.kubernetes.io/component=migration");
    world.api::<Pod>().delete_collection(&DeleteParams::default(), &of_migration).await.unwrap();
    world.until_settled().await;
    assert_eq!(known().await, first, "its pod is gone");

    world.kubelet.set(MIGRATION, failed(5, "{\"public\":32,\"dvo\":4}")).await;
    world.apply(json!({"image": "registry.example.com/ccx:2"})).await;
    world.until_condition("SchemaMigrated", "False", "MigrationFailed").await;
    assert_eq!(known().await, first, "the next one has failed");

    world.kubelet.set(MIGRATION, migrated(32, 4)).await;
    world.until_ready().await;
    let is_another = |it: &SchemaVersion| it.job != first.job;
    let second =
        until("another", async || world.pipeline().await.status?.schema_version.filter(is_another)).await;
    assert_eq!((second.public, second.dvo), (32, 4));
    world.end().await;
}
