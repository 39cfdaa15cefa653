//! Conditions that other controllers report about autoscalers and exposures.

use ccx_operator::model::kind::Kind;
use ccx_test_support::eventually_async;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use super::{installed, life_cycle::api};
use crate::test_env::TestEnv;

const API: &str = "ccx-insights-results-aggregator";
const PIPELINE: &str = "ccx-data-pipeline";

async fn report(env: &TestEnv, kind: Kind, name: &str, status: Value) {
    let by = PatchParams { field_manager: Some("another-controller".into()), ..PatchParams::default() };
    eventually_async("it exists", async || api(env, kind).get_opt(name).await.unwrap()).await;
    api(env, kind).patch_status(name, &by, &Patch::Merge(json!({"status": status}))).await.unwrap();
}

fn router(status: &str, reason: &str) -> Value {
    let condition = json!({"type": "Admitted", "status": status, "reason": reason, "message": "by ns/other",
        "lastTransitionTime": "2026-01-01T00:00:00Z"});
    json!({"ingress": [{"host": "ccx-ns.apps.example.com", "routerName": "default", "conditions": [condition]}]})
}

#[tokio::test]
#[ignore = "needs Kubernetes, definitions of extensions"]
async fn rejected_route_is_not_ready_and_admitted_route_has_its_host_in_the_status() {
    let env = installed::env().await;
    env.apply(json!({"aggregator": {"exposure": {"type": "Route"}}})).await;
    report(&env, Kind::Route, API, router("False", "HostAlreadyClaimed")).await;
    let condition = env.until_condition("Ready", "False", "ExposureRejected").await;
    assert!(condition.message.contains("router default: HostAlreadyClaimed: by ns/other"), "{condition:?}");
    report(&env, Kind::Route, API, router("True", "")).await;
    env.until_ready().await;
    env.until_condition("ApiExposed", "True", "UnverifiedIdentity").await;
    env.until_condition("Degraded", "False", "AsExpected").await;
    assert!(!env.notes("UnverifiedIdentity").await.is_empty(), "a warning");
    env.apply(json!({"aggregator": {"exposure": {"type": "Route", "identity": "Gateway"}}})).await;
    env.until_condition("ApiExposed", "True", "AsExpected").await;
    let external = async || env.pipeline().await.status?.endpoints?.external;
    let external = eventually_async("it has a host", external).await;
    assert!(external.starts_with("https://ccx-ns.apps.example.com/"), "{external}");
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes, definitions of extensions"]
async fn http_route_without_its_gateway_is_not_ready() {
    let env = installed::env().await;
    let gateway = json!({"parentRefs": [{"name": "public"}]});
    env.apply(json!({"aggregator": {"exposure": {"type": "Gateway", "host": "ccx.example.com", "gateway": gateway}}}))
        .await;
    let condition = json!({"type": "Accepted", "status": "False", "reason": "NotAllowedByListeners",
        "message": "no listener", "lastTransitionTime": "2026-01-01T00:00:00Z"});
    let parent = json!({"parentRef": {"name": "public"}, "controllerName": "example.com/gateway", "conditions": [condition]});
    report(&env, Kind::HttpRoute, API, json!({"parents": [parent]})).await;
    let condition = env.until_condition("ApiExposed", "False", "ExposureRejected").await;
    assert!(condition.message.ends_with("NotAllowedByListeners: no listener"), "{condition:?}");
    env.until_condition("Degraded", "True", "ExposureRejected").await;
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes, definitions of extensions"]
async fn pipeline_scaled_to_zero_by_keda_is_ready_and_its_failing_scaler_is_degraded() {
    let env = installed::env().await;
    let autoscaling = json!({"type": "KafkaLag", "minReplicas": 0, "maxReplicas": 8});
    env.apply(json!({"dataPipeline": {"autoscaling": autoscaling}})).await;
    let condition = |kind: &str, status: &str| json!({"type": kind, "status": status, "reason": "Reason", "message": "why"});
    let active = json!({"conditions": [condition("Ready", "True"), condition("Fallback", "False")]});
    report(&env, Kind::ScaledObject, PIPELINE, active).await;
    env.until_ready().await;
    let available = env.until_condition("Available", "True", "AsExpected").await;
    assert!(available.message.contains("scaled data-pipeline to zero"), "{available:?}");
    env.until_condition("AutoscalingReady", "True", "AsExpected").await;
    let failing = json!({"conditions": [condition("Ready", "False"), condition("Fallback", "False")]});
    report(&env, Kind::ScaledObject, PIPELINE, failing).await;
    let degraded = env.until_condition("Degraded", "True", "AutoscalerFailing").await;
    assert!(degraded.message.contains("ScaledObject ccx-data-pipeline: Reason: why; check"), "{degraded:?}");
    env.until_ready().await;
    env.end().await;
}
