//! Pods of an older template keep their configuration and their ports until they are replaced.

use ccx_test_support::eventually_async;
use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::{ConfigMap, Service},
    networking::v1::NetworkPolicy,
};
use kube::{
    ResourceExt as _,
    api::{Patch, PatchParams},
};
use serde_json::{Value, json};

use crate::{
    kubelet::unready,
    test_env::{IMAGE, TestEnv},
};

const PIPELINE: &str = "ccx-data-pipeline";
/// The label that names the component of an object.
const ROLE: &str = "ccx.openshift.io/role";

const API: &str = "ccx-insights-results-aggregator";

/// A broker with another port, and another configuration.
fn changed() -> Value {
    json!({"kafka": {"bootstrapServers": ["kafka:9093"]}})
}

/// Returns the name of the configuration in the pod template of the pipeline.
async fn mounted(env: &TestEnv) -> String {
    let template = env.get::<Deployment>(PIPELINE).await.unwrap().spec.unwrap().template;
    let volumes = template.spec.unwrap().volumes.unwrap();
    volumes.into_iter().find(|volume| volume.name == "config").unwrap().config_map.unwrap().name
}

/// Returns the configurations of the pipeline.
async fn configs(env: &TestEnv) -> Vec<String> {
    let is_of_pipeline = |map: &ConfigMap| map.labels().get(ROLE).is_some_and(|role| role == "data-pipeline");
    let maps = env.list::<ConfigMap>().await.into_iter().filter(is_of_pipeline);
    maps.map(|map| map.name_any()).collect()
}

/// Returns the ports of brokers to which the pods of the pipeline may connect.
async fn broker_ports(env: &TestEnv) -> Vec<u16> {
    let policy = json!(env.get::<NetworkPolicy>(PIPELINE).await.unwrap().spec);
    let rules = policy["egress"].as_array().unwrap().iter();
    let ports = rules.flat_map(|rule| rule["ports"].as_array().unwrap().clone());
    let numbers = ports.filter_map(|port| u16::try_from(port["port"].as_u64()?).ok());
    let mut found: Vec<u16> = numbers.filter(|port| (9092..=9093).contains(port)).collect();
    found.sort_unstable();
    found.dedup();
    found
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn pods_of_the_older_template_keep_configuration_and_ports_until_the_rollout_is_complete() {
    let env = TestEnv::up_to_date(json!({})).await;
    let (old, old_configs) = (mounted(&env).await, configs(&env).await);
    assert_eq!((&old_configs, broker_ports(&env).await), (&vec![old.clone()], vec![9092]));
    env.kubelet.set_new("data-pipeline", unready());
    env.apply(changed()).await;
    let new =
        eventually_async("another template", async || Some(mounted(&env).await).filter(|it| *it != old))
            .await;
    env.until_condition("Ready", "False", "RollingOut").await;
    env.until_up_to_date().await;
    let mut both = vec![old.clone(), new.clone()];
    both.sort();
    assert_eq!((configs(&env).await, broker_ports(&env).await), (both, vec![9092, 9093]));

    env.kubelet.reset("data-pipeline").await;
    env.until_ready().await;
    eventually_async("the old form is removed", async || {
        configs(&env).await == [new.clone()] && broker_ports(&env).await == [9093]
    })
    .await;
    env.until_up_to_date().await;
    env.end().await;
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn failed_rollout_is_taken_back_with_its_configuration() {
    let env = TestEnv::up_to_date(json!({})).await;
    let old = mounted(&env).await;
    let uid = env.get::<ConfigMap>(&old).await.unwrap().uid();
    env.kubelet.set_new("data-pipeline", unready());
    env.apply(changed()).await;
    eventually_async("another template", async || mounted(&env).await != old).await;
    env.until_condition("Ready", "False", "RollingOut").await;
    env.apply(json!({})).await;
    eventually_async("the first template", async || mounted(&env).await == old).await;
    assert_eq!(env.get::<ConfigMap>(&old).await.unwrap().uid(), uid, "it was never deleted");
    env.kubelet.reset("data-pipeline").await;
    env.until_ready().await;
    eventually_async("the failed form is removed", async || {
        configs(&env).await == [old.clone()] && broker_ports(&env).await == [9092]
    })
    .await;
    env.end().await;
}

async fn service_ports(env: &TestEnv) -> Vec<i32> {
    let service = env.get::<Service>(API).await.unwrap();
    service.spec.unwrap().ports.unwrap().iter().map(|port| port.port).collect()
}

/// As after an upgrade of the operator that changes a port.
#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn service_has_old_ports_until_the_rollout_is_complete() {
    let mut env = TestEnv::up_to_date(json!({})).await;
    env.stop_operator().await;
    let ours = PatchParams::apply("ccx-operator").force();
    let metadata = json!({"name": API, "annotations": {"ccx.openshift.io/applied-hash": "older"}});
    let older = json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata,
        "spec": {"ports": [{"name": "http", "port": 8080, "protocol": "TCP", "targetPort": "http"}]}});
    env.api::<Service>().patch(API, &ours, &Patch::Apply(older)).await.unwrap();
    assert_eq!(service_ports(&env).await, [8080]);
    env.kubelet.set_new("insights-results-aggregator", unready());
    env.apply(json!({"image": format!("{IMAGE}0")})).await;
    env.start_operator();
    eventually_async("both ports", async || service_ports(&env).await == [10000, 8080]).await;
    env.until_condition("ApiReady", "True", "RollingOut").await;
    env.until_up_to_date().await;
    assert_eq!(service_ports(&env).await, [10000, 8080]);
    env.kubelet.reset("insights-results-aggregator").await;
    env.until_ready().await;
    eventually_async("the new port", async || service_ports(&env).await == [10000]).await;
    env.end().await;
}
