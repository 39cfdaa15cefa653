//! Changes of other clients are restored and reported.

use ccx_operator::model::kind::Kind;
use ccx_test_support::eventually_async;
use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::{ConfigMap, Service},
    events::v1::Event,
    networking::v1::Ingress,
};
use kube::{
    Api, ResourceExt as _,
    api::{DeleteParams, ObjectMeta, Patch, PatchParams, PostParams},
    core::DynamicObject,
};
use serde_json::json;

use crate::test_env::TestEnv;

const WRITER: &str = "ccx-insights-results-db-writer";
const AGGREGATOR: &str = "ccx-insights-results-aggregator";

fn by(manager: &str) -> PatchParams {
    PatchParams { field_manager: Some(manager.into()), ..PatchParams::default() }
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn changed_field_is_restored_with_an_event_that_names_the_manager() {
    let env = TestEnv::up_to_date(json!({})).await;
    let patch = json!({"spec": {"replicas": 5}});
    env.api::<Deployment>().patch(WRITER, &by("a-person"), &Patch::Merge(&patch)).await.unwrap();
    let replicas = async || env.get::<Deployment>(WRITER).await?.spec?.replicas;
    eventually_async("the replicas are restored", async || (replicas().await == Some(1)).then_some(())).await;
    let note = eventually_async("an event", async || env.notes("DriftCorrected").await.pop()).await;
    assert_eq!(note, format!("restored spec.replicas of Deployment {WRITER}, which a-person had changed"));
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn deleted_child_is_recreated() {
    let env = TestEnv::up_to_date(json!({})).await;
    let before = env.get::<Service>(AGGREGATOR).await.unwrap().uid();
    env.api::<Service>().delete(AGGREGATOR, &DeleteParams::default()).await.unwrap();
    eventually_async("it is recreated", async || {
        env.get::<Service>(AGGREGATOR).await.filter(|it| it.uid() != before)
    })
    .await;
    let note = eventually_async("an event", async || env.notes("DriftCorrected").await.pop()).await;
    assert_eq!(note, format!("recreated Service {AGGREGATOR}, which was deleted by another client"));
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn fields_of_other_managers_are_kept() {
    let env = TestEnv::up_to_date(json!({})).await;
    let services = || env.writes().into_iter().filter(|line| line.contains("services")).collect::<Vec<_>>();
    let before = services();
    let patch = json!({"metadata": {"annotations": {"team": "insights"}}});
    env.api::<Service>().patch(AGGREGATOR, &by("a-person"), &Patch::Merge(&patch)).await.unwrap();
    env.until_up_to_date().await;
    assert_eq!(env.get::<Service>(AGGREGATOR).await.unwrap().annotations()["team"], "insights");
    assert_eq!(services(), before);
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn orphan_is_deleted() {
    let exposed = json!({"aggregator": {"exposure": {"type": "Ingress", "host": "ccx.example.com"}}});
    let env = TestEnv::up_to_date(exposed).await;
    assert_eq!(env.list::<Ingress>().await.len(), 1);
    env.apply(json!({})).await;
    eventually_async("the Ingress is deleted", async || env.list::<Ingress>().await.is_empty().then_some(()))
        .await;
    eventually_async("an event", async || env.notes("OrphanDeleted").await.pop()).await;
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn unmanaged_object_is_reported_and_unchanged() {
    const NAME: &str = "ccx-dashboard";
    let mut env = TestEnv::empty().await;
    let metadata = ObjectMeta { name: Some(NAME.into()), ..ObjectMeta::default() };
    let theirs =
        ConfigMap { metadata, data: Some([("a".into(), "b".into())].into()), ..ConfigMap::default() };
    env.api::<ConfigMap>().create(&PostParams::default(), &theirs).await.unwrap();
    env.start_operator();
    env.apply(json!({"monitoring": {"dashboards": {"presence": "Enabled"}}})).await;
    let condition = env.until_condition("Degraded", "True", "Conflict").await;
    let expected = format!("ConfigMap {NAME} exists and is not managed by this resource");
    assert!(condition.message.contains(&expected), "{condition:?}");
    let left = env.get::<ConfigMap>(NAME).await.unwrap();
    assert_eq!((left.data, left.metadata.labels), (theirs.data, None));
    env.until_condition("ApiReady", "True", "AsExpected").await;
    assert_eq!(env.notes("Conflict").await.len(), 1, "reported once");
    env.api::<ConfigMap>().delete(NAME, &DeleteParams::default()).await.unwrap();
    env.until_ready().await;
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn changed_label_is_restored_on_owned_and_on_retained_objects() {
    let env = TestEnv::up_to_date(json!({})).await;
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
        eventually_async(&format!("the labels of {} {name}", kind.name()), async || {
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
async fn contested_field_is_corrected_with_delay_and_reported() {
    let env = TestEnv::up_to_date(json!({})).await;
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
    let is_correction = |event: &Event| event.reason.as_deref() == Some("DriftCorrected");
    let events: Vec<Event> = env.list::<Event>().await.into_iter().filter(is_correction).collect();
    assert_eq!(events.len(), 1, "equal Events are one series: {events:#?}");
    let count = events[0].series.as_ref().map(|series| series.count);
    assert!(count.is_some_and(|count| (2..=4).contains(&count)), "{count:?} corrections within seconds");
    rival.abort();
    env.until_ready().await;
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn field_of_a_restored_object_is_removed_with_the_spec() {
    restore_and_remove(false).await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn field_of_an_object_restored_without_managers_is_removed_with_the_spec() {
    restore_and_remove(true).await;
}

/// Restores a Deployment from a copy, as backup tools do, then removes a variable from the spec.
async fn restore_and_remove(has_lost_managers: bool) {
    let template = json!({"extraEnv": [{"name": "HTTPS_PROXY", "value": "http://proxy:3128"}]});
    let mut env = TestEnv::up_to_date(json!({"aggregator": {"podTemplate": template}})).await;
    env.stop_operator().await;
    let mut copy = env.get::<Deployment>(AGGREGATOR).await.unwrap();
    let metadata = copy.metadata.clone();
    copy.metadata = ObjectMeta {
        managed_fields: None,
        resource_version: None,
        uid: None,
        creation_timestamp: None,
        generation: None,
        ..metadata
    };
    copy.status = None;
    let deployments = env.api::<Deployment>();
    deployments.delete(AGGREGATOR, &DeleteParams::default()).await.unwrap();
    let is_deleted = async || env.get::<Deployment>(AGGREGATOR).await.is_none();
    eventually_async("it is deleted", is_deleted).await;
    let velero = PostParams { field_manager: Some("velero-server".into()), ..PostParams::default() };
    deployments.create(&velero, &copy).await.unwrap();
    if has_lost_managers {
        let none = Patch::Merge(json!({"metadata": {"managedFields": [{}]}}));
        let stripped = deployments.patch(AGGREGATOR, &by("velero-server"), &none).await.unwrap();
        assert!(stripped.managed_fields().is_empty());
    }
    env.start_operator();
    env.until_ready().await;
    env.apply(json!({})).await;
    let is_removed = async || {
        let deployment = env.get::<Deployment>(AGGREGATOR).await?;
        let pod = deployment.spec?.template.spec?;
        let variables = pod.containers.into_iter().flat_map(|container| container.env.unwrap_or_default());
        (!variables.into_iter().any(|variable| variable.name == "HTTPS_PROXY")).then_some(())
    };
    eventually_async("the variable is removed", is_removed).await;
    env.end().await;
}
