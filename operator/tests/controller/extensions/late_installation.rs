//! An extension that is not installed is reported, and its installation is noticed.

use ccx_operator::model::kind::Kind;
use ccx_test_support::eventually_async;
use serde_json::json;

use super::{
    installed::{ControlPlane, definitions},
    life_cycle::api,
    strimzi,
};
use crate::test_env::TestEnv;

#[tokio::test]
#[ignore = "needs Kubernetes, definitions of extensions"]
async fn missing_extension_is_reported_until_it_is_installed() {
    let definitions = definitions();
    let plane = ControlPlane::bare().await;
    let mut env = TestEnv::on(plane.config.clone()).await;
    env.start_operator();
    env.apply(json!({
        "kafka": {"bootstrapServers": null, "strimzi": {"name": "events", "listener": "tls"}},
        "dataPipeline": {"autoscaling": {"type": "KafkaLag", "minReplicas": 1}},
        "aggregator": {"exposure": {"type": "Route"}},
        "monitoring": {"scrape": "ServiceMonitor", "alerts": "Enabled"},
    }))
    .await;
    env.until_condition("Degraded", "True", "KindNotServed").await;
    for missing in [
        "cluster has no Strimzi",
        "kind ScaledObject",
        "kind Route",
        "kind ServiceMonitor",
        "kind PrometheusRule",
    ] {
        let note = async || env.notes("KindNotServed").await.into_iter().find(|note| note.contains(missing));
        eventually_async(missing, note).await;
    }
    plane.install(&definitions).await;
    let kafkas = strimzi::kafkas(&env, "v1");
    strimzi::make(&kafkas).await;
    strimzi::set_ready(&kafkas, "events:9092", "PEM").await;
    env.until_ready().await;
    for (kind, name) in [
        (Kind::ScaledObject, "ccx-data-pipeline"),
        (Kind::Route, "ccx-insights-results-aggregator"),
        (Kind::ServiceMonitor, "ccx-monitoring"),
        (Kind::PrometheusRule, "ccx-monitoring"),
    ] {
        assert!(api(&env, kind).get_opt(name).await.unwrap().is_some(), "{} {name}", kind.name());
    }
    // An extension that is removed again is noticed, and with its return all is well.
    plane.kubectl(&["delete", "crd", "servicemonitors.monitoring.coreos.com"]);
    let condition = env.until_condition("Degraded", "True", "KindNotServed").await;
    assert!(condition.message.contains("ServiceMonitor"), "{condition:?}");
    assert!(!condition.message.contains("Status {"), "{condition:?}");
    plane.install(&definitions).await;
    env.until_ready().await;
    let monitors = api(&env, Kind::ServiceMonitor);
    eventually_async("it is recreated", async || monitors.get_opt("ccx-monitoring").await.unwrap()).await;
    // A Strimzi from before 0.49 serves this version only; later ones prefer the other.
    let older = r#"[{"op": "replace", "path": "/spec/versions/0/served", "value": false}]"#;
    plane.kubectl(&["patch", "crd", "kafkas.kafka.strimzi.io", "--type=json", "--patch", older]);
    eventually_async("v1 is not served", async || kafkas.get("events").await.is_err().then_some(())).await;
    let kafkas = strimzi::kafkas(&env, "v1beta2");
    strimzi::set_ready(&kafkas, "older:9092", "PEM").await;
    eventually_async("its brokers", async || {
        strimzi::settings(&env).await.contains("older:9092").then_some(())
    })
    .await;
    env.until_ready().await;
    env.end().await;
    plane.end();
}
