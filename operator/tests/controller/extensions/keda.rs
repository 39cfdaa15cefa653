//! Writes of KEDA into objects of the operator, as on a cluster where KEDA runs.

use ccx_operator::model::kind::Kind;
use ccx_test_support::eventually_async;
use k8s_openapi::api::apps::v1::Deployment;
use kube::{
    ResourceExt as _,
    api::{Patch, PatchParams},
};
use serde_json::{Value, json};

use super::{installed, life_cycle::api};
use crate::test_env::TestEnv;

const PIPELINE: &str = "ccx-data-pipeline";

fn by_lag() -> Value {
    json!({"dataPipeline": {"autoscaling": {"type": "KafkaLag", "minReplicas": 2, "maxReplicas": 8}}})
}

async fn scaled() -> TestEnv {
    let env = installed::env().await;
    env.apply(by_lag()).await;
    env.until_ready().await;
    // The fields that KEDA adds to an object that it reconciles.
    let metadata =
        json!({"labels": {"scaledobject.keda.sh/name": PIPELINE}, "finalizers": ["finalizer.keda.sh"]});
    let keda = PatchParams { field_manager: Some("keda".into()), ..PatchParams::default() };
    let scaler = api(&env, Kind::ScaledObject);
    scaler.patch(PIPELINE, &keda, &Patch::Merge(json!({"metadata": metadata}))).await.unwrap();
    let status = json!({"status": {"hpaName": format!("keda-hpa-{PIPELINE}"), "originalReplicaCount": 2}});
    scaler.patch_status(PIPELINE, &keda, &Patch::Merge(status)).await.unwrap();
    // What the autoscaler has replaced is deleted after the condition is true.
    env.until_up_to_date().await;
    env
}

#[tokio::test]
#[ignore = "needs Kubernetes, definitions of extensions"]
async fn fields_and_replicas_written_by_keda_are_no_drift() {
    let env = scaled().await;
    let writes = || env.writes().into_iter().filter(|line| !line.contains("status")).collect::<Vec<_>>();
    let before = writes();
    let scale = json!({"spec": {"replicas": 5}});
    let keda = PatchParams { field_manager: Some("keda".into()), ..PatchParams::default() };
    env.api::<Deployment>().patch(PIPELINE, &keda, &Patch::Merge(scale)).await.unwrap();
    let pods = async || env.pipeline().await.status?.data_pipeline_replicas.filter(|count| *count == 5);
    eventually_async("five pods run", pods).await;
    env.until_up_to_date().await;
    assert_eq!(writes(), before);
    assert_eq!(env.get::<Deployment>(PIPELINE).await.unwrap().spec.unwrap().replicas, Some(5));
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes, definitions of extensions"]
async fn suspended_pipeline_is_paused_in_keda() {
    let env = scaled().await;
    let paused = async || {
        let scaler = api(&env, Kind::ScaledObject).get(PIPELINE).await.unwrap();
        scaler.annotations().get("autoscaling.keda.sh/paused-replicas").cloned()
    };
    assert_eq!(paused().await, None);
    let mut suspended = by_lag();
    suspended["suspend"] = json!(true);
    env.apply(suspended).await;
    env.until_condition("Ready", "False", "Suspended").await;
    assert_eq!(paused().await.as_deref(), Some("0"));
    env.apply(by_lag()).await;
    eventually_async("it is not paused", async || paused().await.is_none().then_some(())).await;
    env.until_ready().await;
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes, definitions of extensions"]
async fn object_with_a_finalizer_of_keda_is_deleted_once() {
    let env = scaled().await;
    let deletions =
        || env.writes().into_iter().find(|line| line.contains("scaledobjects") && line.contains("delete"));
    env.apply(json!({"dataPipeline": {"replicas": 2}})).await;
    let scaler = api(&env, Kind::ScaledObject);
    let is_leaving = async || scaler.get(PIPELINE).await.unwrap().metadata.deletion_timestamp;
    eventually_async("it is being deleted", is_leaving).await;
    env.until_up_to_date().await;
    assert_eq!(
        deletions().as_deref(),
        Some("ccx_operator_api_writes_total{resource=\"scaledobjects\",verb=\"delete\"} 1")
    );
    let released = json!({"metadata": {"finalizers": null}});
    scaler.patch(PIPELINE, &PatchParams::default(), &Patch::Merge(released)).await.unwrap();
    eventually_async("it is deleted", async || {
        scaler.get_opt(PIPELINE).await.unwrap().is_none().then_some(())
    })
    .await;
    env.until_ready().await;
    env.end().await;
}
