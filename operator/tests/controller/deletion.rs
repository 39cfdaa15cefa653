//! Deletion and retention of children.

use ccx_crds::CcxPipeline;
use ccx_test_support::eventually_async;
use k8s_openapi::api::{
    apps::v1::{Deployment, StatefulSet},
    core::v1::{Namespace, PersistentVolumeClaim, Secret},
    storage::v1::StorageClass,
};
use kube::{
    Api, ResourceExt as _,
    api::{DeleteParams, ObjectMeta, Patch, PatchParams},
};
use serde_json::json;

use crate::test_env::{IMAGE, TestEnv};

const DATABASE: &str = "ccx-data-pipeline-db";

/// A storage class that does not expand volumes.
const FIXED: &str = "ccx-test-fixed";

async fn delete(env: &TestEnv) {
    env.api::<CcxPipeline>().delete("ccx", &DeleteParams::background()).await.unwrap();
    eventually_async("the Deployments are gone", async || {
        env.list::<Deployment>().await.is_empty().then_some(())
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn retained_database_is_adopted_by_a_new_resource_of_the_same_name() {
    let env = TestEnv::new().await;
    env.apply(json!({})).await;
    env.until_ready().await;
    let password = env.get::<Secret>(DATABASE).await.unwrap();
    let claim = env.get::<PersistentVolumeClaim>(DATABASE).await.unwrap();
    delete(&env).await;
    env.apply(json!({})).await;
    env.until_ready().await;
    let kept = env.get::<Secret>(DATABASE).await.unwrap();
    assert_eq!((kept.uid(), kept.data), (password.uid(), password.data));
    assert_eq!(env.get::<PersistentVolumeClaim>(DATABASE).await.unwrap().uid(), claim.uid());
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn delete_policy_deletes_database_and_storage() {
    let env = TestEnv::new().await;
    env.apply(json!({"deletionPolicy": "Delete"})).await;
    env.until_ready().await;
    delete(&env).await;
    eventually_async("the database is gone", async || {
        env.get::<StatefulSet>(DATABASE).await.is_none().then_some(())
    })
    .await;
    eventually_async("the password is gone", async || {
        env.get::<Secret>(DATABASE).await.is_none().then_some(())
    })
    .await;
    let is_leaving = |claim: PersistentVolumeClaim| claim.metadata.deletion_timestamp.is_some();
    eventually_async("the storage goes", async || {
        env.get::<PersistentVolumeClaim>(DATABASE).await.is_none_or(is_leaving).then_some(())
    })
    .await;
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn changed_policy_applies_to_a_running_database() {
    let env = TestEnv::new().await;
    let owners = async || env.get::<Secret>(DATABASE).await.unwrap().owner_references().len();
    env.apply(json!({"deletionPolicy": "Delete"})).await;
    env.until_ready().await;
    assert_eq!(owners().await, 1);
    env.apply(json!({})).await;
    eventually_async("it has no owner", async || (owners().await == 0).then_some(())).await;
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn namespace_with_a_resource_can_be_deleted() {
    let env = TestEnv::new().await;
    env.apply(json!({})).await;
    env.until_ready().await;
    let namespaces: Api<Namespace> = Api::all(env.client.clone());
    namespaces.delete(&env.namespace, &DeleteParams::default()).await.unwrap();
    eventually_async("the namespace is gone", async || {
        namespaces.get_opt(&env.namespace).await.unwrap().is_none().then_some(())
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn child_deleted_without_a_resource_is_no_drift() {
    let env = TestEnv::new().await;
    env.apply(json!({})).await;
    env.until_ready().await;
    env.until_up_to_date().await;
    delete(&env).await;
    env.api::<PersistentVolumeClaim>().delete(DATABASE, &DeleteParams::default()).await.unwrap();
    eventually_async("the claim is deleted", async || {
        env.get::<PersistentVolumeClaim>(DATABASE).await.is_none().then_some(())
    })
    .await;
    env.apply(json!({})).await;
    env.until_ready().await;
    assert!(env.get::<PersistentVolumeClaim>(DATABASE).await.is_some());
    assert_eq!(env.notes("DriftCorrected").await, Vec::<String>::new());
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn smaller_size_than_that_of_the_retained_volume_is_satisfied() {
    let env = TestEnv::new().await;
    env.apply(json!({})).await;
    env.until_ready().await;
    delete(&env).await;
    env.apply(json!({"database": {"managed": {"storage": {"size": "10Gi"}}}})).await;
    env.until_ready().await;
    env.until_up_to_date().await;
    let claim = serde_json::to_value(env.get::<PersistentVolumeClaim>(DATABASE).await.unwrap()).unwrap();
    assert_eq!(claim["spec"]["resources"]["requests"]["storage"], "20Gi");
    env.end().await;
}

/// Creates a storage class that provisions volumes and does not expand them.
async fn create_fixed_class(env: &TestEnv) {
    let class = StorageClass {
        metadata: ObjectMeta { name: Some(FIXED.into()), ..ObjectMeta::default() },
        provisioner: "kubernetes.io/host-path".into(),
        ..StorageClass::default()
    };
    let classes: Api<StorageClass> = Api::all(env.client.clone());
    classes.patch(FIXED, &PatchParams::apply("test").force(), &Patch::Apply(&class)).await.unwrap();
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn refused_expansion_is_a_condition_holds_back_nothing_and_can_be_taken_back() {
    let env = TestEnv::new().await;
    create_fixed_class(&env).await;
    let spec = |image: &str, size: &str| {
        let storage = json!({"size": size, "storageClassName": FIXED});
        json!({"image": image, "database": {"managed": {"storage": storage}}})
    };
    let size = |size: &str| spec("registry.example.com/ccx:2", size);
    env.apply(spec(IMAGE, "20Gi")).await;
    env.until_ready().await;
    eventually_async("the volume", async || {
        env.get::<PersistentVolumeClaim>(DATABASE).await?.status?.phase.filter(|phase| phase == "Bound")
    })
    .await;
    env.apply(size("40Gi")).await;
    let condition = env.until_condition("DatabaseReady", "False", "StorageResizeFailed").await;
    assert!(condition.message.contains("set spec.database.managed.storage.size back"), "{condition:?}");
    eventually_async("the workloads are updated", async || {
        let deployment = env.get::<Deployment>("ccx-insights-results-aggregator").await?;
        let image = deployment.spec?.template.spec?.containers[0].image.clone()?;
        image.ends_with(":2").then_some(())
    })
    .await;
    env.apply(size("20Gi")).await;
    env.until_ready().await;
    env.end().await;
}
