//! What goes with a resource, and what stays.

use ccx_crds::CcxPipeline;
use k8s_openapi::api::{
    apps::v1::{Deployment, StatefulSet},
    core::v1::{Namespace, PersistentVolumeClaim, Secret},
};
use kube::{Api, ResourceExt as _, api::DeleteParams};
use serde_json::json;

use crate::world::{World, until};

const DATABASE: &str = "ccx-data-pipeline-db";

async fn delete(world: &World) {
    world.api::<CcxPipeline>().delete("ccx", &DeleteParams::background()).await.unwrap();
    until("the Deployments are gone", async || world.list::<Deployment>().await.is_empty().then_some(()))
        .await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn database_is_retained_and_taken_over_by_a_new_resource_of_the_same_name() {
    let world = World::new().await;
    world.apply(json!({})).await;
    world.until_ready().await;
    let password = world.get::<Secret>(DATABASE).await.unwrap();
    let claim = world.get::<PersistentVolumeClaim>(DATABASE).await.unwrap();
    delete(&world).await;
    world.apply(json!({})).await;
    world.until_ready().await;
    let kept = world.get::<Secret>(DATABASE).await.unwrap();
    assert_eq!((kept.uid(), kept.data), (password.uid(), password.data));
    assert_eq!(world.get::<PersistentVolumeClaim>(DATABASE).await.unwrap().uid(), claim.uid());
    world.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn all_is_deleted_when_the_policy_says_so() {
    let world = World::new().await;
    world.apply(json!({"deletionPolicy": "Delete"})).await;
    world.until_ready().await;
    delete(&world).await;
    until("the database is gone", async || world.get::<StatefulSet>(DATABASE).await.is_none().then_some(()))
        .await;
    until("the password is gone", async || world.get::<Secret>(DATABASE).await.is_none().then_some(())).await;
    let is_leaving = |claim: PersistentVolumeClaim| claim.metadata.deletion_timestamp.is_some();
    until("the storage goes", async || {
        world.get::<PersistentVolumeClaim>(DATABASE).await.is_none_or(is_leaving).then_some(())
    })
    .await;
    world.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn policy_can_be_changed_while_the_database_runs() {
    let world = World::new().await;
    let owners = async || world.get::<Secret>(DATABASE).await.unwrap().owner_references().len();
    world.apply(json!({"deletionPolicy": "Delete"})).await;
    world.until_ready().await;
    assert_eq!(owners().await, 1);
    world.apply(json!({})).await;
    until("nobody owns it", async || (owners().await == 0).then_some(())).await;
    world.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn namespace_can_be_deleted_with_everything_in_it() {
    let world = World::new().await;
    world.apply(json!({})).await;
    world.until_ready().await;
    let namespaces: Api<Namespace> = Api::all(world.client.clone());
    namespaces.delete(&world.namespace, &DeleteParams::default()).await.unwrap();
    until("the namespace is gone", async || {
        namespaces.get_opt(&world.namespace).await.unwrap().is_none().then_some(())
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn nobody_is_blamed_for_what_was_deleted_while_there_was_no_resource() {
    let world = World::new().await;
    world.apply(json!({})).await;
    world.until_ready().await;
    world.until_settled().await;
    delete(&world).await;
    world.api::<PersistentVolumeClaim>().delete(DATABASE, &DeleteParams::default()).await.unwrap();
    until("the claim is deleted", async || {
        world.get::<PersistentVolumeClaim>(DATABASE).await.is_none().then_some(())
    })
    .await;
    world.apply(json!({})).await;
    world.until_ready().await;
    assert!(world.get::<PersistentVolumeClaim>(DATABASE).await.is_some());
    assert_eq!(world.notes("DriftCorrected").await, Vec::<String>::new());
    world.end().await;
}
