//! Changes of other clients are restored and reported.

use ccx_operator::model::kind::Kind;
use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::{ConfigMap, Service},
    networking::v1::Ingress,
};
use kube::{
    Api, ResourceExt as _,
    api::{DeleteParams, ObjectMeta, Patch, PatchParams, PostParams},
    core::DynamicObject,
};
use serde_json::json;

use crate::test_env::{TestEnv, until};

const WRITER: &str = "ccx-insights-results-db-writer";
const AGGREGATOR: &str = "ccx-insights-results-aggregator";

fn by(manager: &str) -> PatchParams {
    PatchParams { field_manager: Some(manager.into()), ..PatchParams::default() }
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn field_that_somebody_changed_is_put_back_and_the_event_says_who_and_what() {
    let env = TestEnv::settled(json!({})).await;
    let patch = json!({"spec": {"replicas": 5}});
    env.api::<Deployment>().patch(WRITER, &by("a-person"), &Patch::Merge(&patch)).await.unwrap();
    let replicas = async || env.get::<Deployment>(WRITER).await?.spec?.replicas;
    until("the replicas are restored", async || (replicas().await == Some(1)).then_some(())).await;
    let note = until("an event", async || env.notes("DriftCorrected").await.pop()).await;
    assert_eq!(note, format!("restored spec.replicas of Deployment {WRITER}, which a-person had changed"));
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn child_that_somebody_deleted_is_made_anew() {
    let env = TestEnv::settled(json!({})).await;
    let before = env.get::<Service>(AGGREGATOR).await.unwrap().uid();
    env.api::<Service>().delete(AGGREGATOR, &DeleteParams::default()).await.unwrap();
    until("it is there again", async || env.get::<Service>(AGGREGATOR).await.filter(|it| it.uid() != before))
        .await;
    let note = until("an event", async || env.notes("DriftCorrected").await.pop()).await;
    assert_eq!(note, format!("recreated Service {AGGREGATOR}, which was deleted by another client"));
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn what_somebody_added_beside_our_fields_stays() {
    let env = TestEnv::settled(json!({})).await;
    let services = || env.writes().into_iter().filter(|line| line.contains("services")).collect::<Vec<_>>();
    let before = services();
    let patch = json!({"metadata": {"annotations": {"team": "insights"}}});
    env.api::<Service>().patch(AGGREGATOR, &by("a-person"), &Patch::Merge(&patch)).await.unwrap();
    env.until_settled().await;
    assert_eq!(env.get::<Service>(AGGREGATOR).await.unwrap().annotations()["team"], "insights");
    assert_eq!(services(), before);
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn child_that_is_no_longer_wanted_is_deleted() {
    let exposed = json!({"aggregator": {"exposure": {"type": "Ingress", "host": "ccx.example.com"}}});
    let env = TestEnv::settled(exposed).await;
    assert_eq!(env.list::<Ingress>().await.len(), 1);
    env.apply(json!({})).await;
    until("the Ingress is gone", async || env.list::<Ingress>().await.is_empty().then_some(())).await;
    until("an event", async || env.notes("OrphanDeleted").await.pop()).await;
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn object_of_somebody_else_is_reported_and_left_alone() {
    let mut env = TestEnv::empty().await;
    let metadata = ObjectMeta { name: Some(WRITER.into()), ..ObjectMeta::default() };
    let theirs =
        ConfigMap { metadata, data: Some([("a".into(), "b".into())].into()), ..ConfigMap::default() };
    env.api::<ConfigMap>().create(&PostParams::default(), &theirs).await.unwrap();
    env.start_operator();
    env.apply(json!({})).await;
    let condition = env.until_condition("Degraded", "True", "Conflict").await;
    assert!(
        condition.message.contains(&format!("ConfigMap {WRITER} exists and is not managed by this resource")),
        "{condition:?}"
    );
    let left = env.get::<ConfigMap>(WRITER).await.unwrap();
    assert_eq!((left.data, left.metadata.labels), (theirs.data, None));
    env.until_condition("ApiReady", "True", "AsExpected").await;
    assert_eq!(env.notes("Conflict").await.len(), 1, "reported once");
    env.api::<ConfigMap>().delete(WRITER, &DeleteParams::default()).await.unwrap();
    env.until_ready().await;
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn changed_label_is_restored_on_owned_and_on_retained_objects() {
    let env = TestEnv::settled(json!({})).await;
    let patch = Patch::Merge(json!({"metadata": {"labels": {
        "app.kubernetes.io/managed-by": "Helm", "ccx.openshift.io/pipeline": null}}}));
    let parameters = PatchParams { field_manager: Some("helm".into()), ..PatchParams::default() };
    for kind in
        [Kind::Deployment, Kind::Service, Kind::StatefulSet, Kind::PersistentVolumeClaim, Kind::Secret]
    {
        let name = match kind {
            Kind::Deployment => "ccx-data-pipeline",
            Kind::Service => AGGREGATOR,
            _ => "ccx-data-pipeline-db",
        };
        let api: Api<DynamicObject> =
            Api::namespaced_with(env.client.clone(), &env.namespace, &kind.api_resource());
        let before = api.get(name).await.unwrap().metadata.uid;
        api.patch(name, &parameters, &patch).await.unwrap();
        until(&format!("the labels of {} {name}", kind.name()), async || {
            let object = api.get(name).await.unwrap();
            assert_eq!(object.metadata.uid, before);
            let labels = object.labels();
            let is_restored =
                labels.get("app.kubernetes.io/managed-by").is_some_and(|it| it == "ccx-operator")
                    && labels.contains_key("ccx.openshift.io/pipeline");
            is_restored.then_some(())
        })
        .await;
    }
    env.until_ready().await;
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn fight_with_another_manager_is_damped_and_named() {
    let env = TestEnv::settled(json!({})).await;
    let deployments = env.api::<Deployment>();
    let rival = tokio::spawn(async move {
        let patch = Patch::Strategic(json!({"spec": {"minReadySeconds": 7, "revisionHistoryLimit": 9}}));
        let parameters = PatchParams { field_manager: Some("kyverno".into()), ..PatchParams::default() };
        loop {
            deployments.patch(WRITER, &parameters, &patch).await.unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    });
    let condition = env.until_condition("Degraded", "True", "Contested").await;
    assert!(
        condition.message.starts_with("kyverno keeps changing spec.revisionHistoryLimit of Deployment"),
        "{condition:?}"
    );
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    let events = env.notes("DriftCorrected").await.len();
    assert!(events <= 4, "{events} corrections within seconds");
    rival.abort();
    env.until_ready().await;
    env.end().await;
}
