//! The life cycle of objects of extensions: accepted, unchanged while up to date, restored, deleted.
//!
//! The operator's writes use strict field validation in all tests, so no object has a field that is unknown
//! to its kind.

use ccx_operator::model::kind::Kind;
use ccx_test_support::eventually_async;
use k8s_openapi::api::core::v1::Secret;
use kube::{
    Api,
    api::{Patch, PatchParams},
    core::DynamicObject,
};
use serde_json::{Value, json};

use super::installed;
use crate::test_env::TestEnv;

/// An object of an extension, and a change of it by another client.
struct Foreign {
    kind: Kind,
    name: &'static str,
    tampering: Value,
    field: &'static str,
}

const API: &str = "ccx-insights-results-aggregator";
const PIPELINE: &str = "ccx-data-pipeline";
const WATCHER: &str = "ccx-monitoring";

#[tokio::test]
#[ignore = "needs Kubernetes, definitions of extensions"]
async fn route_scaled_object_pod_monitor_and_alerts_are_restored_and_deleted() {
    let spec = json!({
        "kafka": {"securityProtocol": "SASL_SSL", "sasl": {"credentialsSecretRef": {"name": "user"}}, "caSecretRef": {"name": "user"}},
        "dataPipeline": {"autoscaling": {"type": "KafkaLag", "minReplicas": 2, "maxReplicas": 8}},
        "aggregator": {"exposure": {"type": "Route", "host": "ccx.example.com"}},
        "monitoring": {"scrape": "PodMonitor", "alerts": "Enabled", "labels": {"prometheus": "main"}},
    });
    let tls = json!({"spec": {"tls": {"termination": "reencrypt"}}});
    let lag = json!({"spec": {"maxReplicaCount": 100}});
    let foreign = [
        Foreign { kind: Kind::Route, name: API, tampering: tls, field: "spec.tls.termination" },
        Foreign { kind: Kind::ScaledObject, name: PIPELINE, tampering: lag, field: "spec.maxReplicaCount" },
        Foreign {
            kind: Kind::TriggerAuthentication,
            name: PIPELINE,
            tampering: json!({"spec": {"secretTargetRef": null}}),
            field: "spec.secretTargetRef",
        },
        Foreign {
            kind: Kind::PodMonitor,
            name: WATCHER,
            tampering: json!({"spec": {"podMetricsEndpoints": [{"port": "other"}]}}),
            field: "spec.podMetricsEndpoints",
        },
        Foreign {
            kind: Kind::PrometheusRule,
            name: WATCHER,
            tampering: json!({"spec": {"groups": []}}),
            field: "spec.groups",
        },
    ];
    live(spec, json!({"dataPipeline": {"replicas": 2}}), &foreign).await;
}

#[tokio::test]
#[ignore = "needs Kubernetes, definitions of extensions"]
async fn http_route_and_service_monitor_are_restored_and_deleted() {
    let gateway =
        json!({"parentRefs": [{"name": "public", "namespace": "gateways", "sectionName": "https"}]});
    let spec = json!({
        "dataPipeline": {"replicas": 2},
        "aggregator": {"exposure": {"type": "Gateway", "host": "ccx.example.com", "gateway": gateway}},
        "monitoring": {"scrape": "ServiceMonitor", "alerts": "Disabled"},
    });
    let foreign = [
        Foreign {
            kind: Kind::HttpRoute,
            name: API,
            tampering: json!({"spec": {"hostnames": ["elsewhere.example.com"]}}),
            field: "spec.hostnames",
        },
        Foreign {
            kind: Kind::ServiceMonitor,
            name: WATCHER,
            tampering: json!({"spec": {"selector": {"matchLabels": null}}}),
            field: "spec.selector.matchLabels",
        },
    ];
    live(spec, json!({"dataPipeline": {"replicas": 2}}), &foreign).await;
}

async fn live(spec: Value, without: Value, foreign: &[Foreign]) {
    let mut env = installed::env().await;
    make_user(&env).await;
    env.apply(spec).await;
    env.until_ready().await;
    env.until_up_to_date().await;
    assert_new_controller_writes_nothing(&mut env).await;
    for it in foreign {
        assert_changes_are_restored(&env, it).await;
    }
    let mut without = without;
    without["monitoring"] = json!({"scrape": "Disabled", "alerts": "Disabled"});
    env.apply(without).await;
    for it in foreign {
        let is_gone = async || api(&env, it.kind).get_opt(it.name).await.unwrap().is_none().then_some(());
        eventually_async("it is deleted", is_gone).await;
    }
    env.until_ready().await;
    env.end().await;
}

/// Asserts that values set by the API server are no difference.
async fn assert_new_controller_writes_nothing(env: &mut TestEnv) {
    env.stop_operator().await;
    env.start_operator();
    env.until_up_to_date().await;
    assert_eq!(env.writes(), Vec::<String>::new());
}

async fn assert_changes_are_restored(env: &TestEnv, Foreign { kind, name, tampering, field }: &Foreign) {
    let api = api(env, *kind);
    let before = api.get(name).await.unwrap();
    let person = PatchParams { field_manager: Some("a-person".into()), ..PatchParams::default() };
    let tampered = api.patch(name, &person, &Patch::Merge(tampering)).await.unwrap();
    assert_ne!(tampered.data["spec"], before.data["spec"]);
    let is_back = async || (api.get(name).await.unwrap().data["spec"] == before.data["spec"]).then_some(());
    eventually_async(&format!("{} {name} is as it was", kind.name()), is_back).await;
    let is_emitted = async || {
        let notes = env.notes("DriftCorrected").await;
        notes.into_iter().find(|note| note.contains(kind.name()) && note.contains(field))
    };
    eventually_async(&format!("an Event of {} {name}", kind.name()), is_emitted).await;
}

/// Creates the Secret with the credentials and the authority of the brokers.
pub(super) async fn make_user(env: &TestEnv) {
    let data = json!({"username": "ccx", "password": "secret", "ca.crt": "PEM"});
    let secret =
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "user"}, "stringData": data});
    env.api::<Secret>().patch("user", &PatchParams::apply("test"), &Patch::Apply(&secret)).await.unwrap();
}

pub(super) fn api(env: &TestEnv, kind: Kind) -> Api<DynamicObject> {
    Api::namespaced_with(env.client.clone(), &env.namespace, &kind.api_resource())
}
