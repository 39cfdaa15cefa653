//! NetworkPolicies.

use ccx_operator::{
    build::build,
    model::kind::Kind,
    validate::{OperatorDefaults, validate},
};
use serde_json::{Value, json};

use crate::sample::{children, names, object, pipeline, references};

fn policy(spec: &Value, name: &str) -> Value {
    object(&children(spec), Kind::NetworkPolicy, name)["spec"].clone()
}

/// Returns the TCP ports of egress rules to any destination, except for DNS.
fn outside(policy: &Value) -> Vec<u64> {
    let rules = policy["egress"].as_array().unwrap();
    let rules = rules.iter().filter(|rule| rule["to"].is_null() && rule["ports"][0]["port"] != 53);
    rules
        .flat_map(|rule| rule["ports"].as_array().unwrap())
        .map(|port| port["port"].as_u64().unwrap())
        .collect()
}

#[test]
fn every_pod_can_resolve_names_also_on_openshift() {
    let ports = policy(&json!({}), "ccx-migration")["egress"][0]["ports"].clone();
    let numbers: Vec<&Value> = ports.as_array().unwrap().iter().map(|port| &port["port"]).collect();
    assert_eq!(numbers, [53, 53, 5353, 5353]);
}

#[test]
fn each_workload_reaches_what_it_uses_and_no_more() {
    let spec = json!({
        "kafka": {"bootstrapServers": ["kafka:9093"]},
        "objectStorage": {"endpoint": "http://minio:9000"},
        "database": {"type": "External", "external": {"host": "db", "port": 5433, "credentialsSecretRef": {"name": "user"}}},
    });
    let reach = |name: &str| outside(&policy(&spec, name));
    assert_eq!(reach("ccx-data-pipeline"), [443, 9000, 9093]);
    assert_eq!(reach("ccx-insights-results-db-writer"), [5433, 9093]);
    assert_eq!(reach("ccx-insights-results-aggregator"), [5433]);
    assert_eq!(reach("ccx-migration"), [5433]);
    assert_eq!(reach("ccx-topics"), [9093]);
}

#[test]
fn managed_database_accepts_its_clients_only_and_has_no_egress() {
    let database = policy(&json!({}), "ccx-data-pipeline-db");
    let clients: Vec<&Value> = database["ingress"][0]["from"]
        .as_array()
        .unwrap()
        .iter()
        .map(|peer| &peer["podSelector"]["matchLabels"]["ccx.openshift.io/role"])
        .collect();
    assert_eq!(clients, ["insights-results-db-writer", "insights-results-aggregator", "migration"]);
    assert_eq!(database["policyTypes"], json!(["Ingress", "Egress"]));
    assert_eq!(database["egress"], Value::Null);
}

#[test]
fn client_of_the_managed_database_reaches_its_pods_and_no_other_server() {
    let aggregator = policy(&json!({}), "ccx-insights-results-aggregator");
    let peer = &aggregator["egress"][1]["to"][0]["podSelector"]["matchLabels"]["ccx.openshift.io/role"];
    assert_eq!(peer, "data-pipeline-db");
    assert_eq!(outside(&aggregator), [0; 0]);
}

/// Returns the names of the pods that an ingress rule allows.
fn peers(rule: &Value) -> Vec<&Value> {
    let peers = rule["from"].as_array().unwrap();
    peers.iter().map(|peer| &peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"]).collect()
}

#[test]
fn api_port_is_open_and_health_port_is_restricted() {
    let api = policy(&json!({}), "ccx-insights-results-aggregator");
    assert_eq!(api["ingress"][0], json!({"ports": [{"port": 10000, "protocol": "TCP"}]}));
    assert_eq!(api["ingress"][1]["ports"], json!([{"port": 10001, "protocol": "TCP"}]));
    assert_eq!(peers(&api["ingress"][1]), ["ccx-operator", "prometheus"]);
    let pipeline = policy(&json!({}), "ccx-data-pipeline");
    assert_eq!(peers(&pipeline["ingress"][0]), ["ccx-operator", "prometheus"]);
    assert_eq!(pipeline["ingress"][0]["ports"], json!([{"port": 8000, "protocol": "TCP"}]));
}

#[test]
fn peers_of_api_and_metrics_are_those_of_the_spec() {
    let peer =
        |name: &str| json!([{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}]);
    let spec = json!({
        "networkPolicy": {"scrapeFrom": peer("monitoring")},
        "aggregator": {"exposure": {"allowFrom": peer("gateway")}},
    });
    let api = policy(&spec, "ccx-insights-results-aggregator");
    assert_eq!(api["ingress"][0]["from"], peer("gateway"));
    assert_eq!(api["ingress"][1]["from"][1], peer("monitoring")[0]);
}

#[test]
fn operator_is_a_peer_in_its_own_namespace_only() {
    let pipeline = pipeline(&json!({}));
    let defaults = OperatorDefaults { namespace: Some("ops".into()), ..OperatorDefaults::default() };
    let children = build(&validate(&pipeline, &references(&pipeline), &defaults).unwrap());
    let policy = object(&children, Kind::NetworkPolicy, "ccx-data-pipeline");
    let operator = &policy["spec"]["ingress"][0]["from"][0];
    assert_eq!(operator["namespaceSelector"]["matchLabels"], json!({"kubernetes.io/metadata.name": "ops"}));
}

#[test]
fn proxies_of_the_pods_and_further_ports_and_rules_are_allowed() {
    let rule = json!({"to": [{"ipBlock": {"cidr": "10.1.0.0/16"}}], "ports": [{"port": 88}]});
    let spec = json!({
        "networkPolicy": {"egressPorts": [8443], "extraEgress": [rule], "extraIngress": [{"ports": [{"port": 7}]}]},
        "dataPipeline": {"podTemplate": {"extraEnv": [{"name": "https_proxy", "value": "http://proxy:3128"}]}},
        "dbWriter": {"podTemplate": {"extraEnv": [{"name": "HTTP_PROXY", "value": "http://proxy:3129"}]}},
    });
    assert_eq!(outside(&policy(&spec, "ccx-data-pipeline")), [443, 3128, 8443, 9092]);
    assert_eq!(outside(&policy(&spec, "ccx-topics")), [3129, 8443, 9092]);
    for role in ["data-pipeline", "insights-results-aggregator", "migration", "data-pipeline-db"] {
        let policy = policy(&spec, &format!("ccx-{role}"));
        assert_eq!(policy["egress"].as_array().unwrap().last(), Some(&rule), "{role}");
        let is_component = role != "migration";
        let ingress = policy["ingress"].as_array().and_then(|rules| rules.last());
        assert_eq!(ingress.is_some_and(|rule| rule["ports"][0]["port"] == 7), is_component, "{role}");
    }
}

#[test]
fn job_accepts_no_connections() {
    assert_eq!(policy(&json!({}), "ccx-topics")["ingress"], Value::Null);
}

#[test]
fn disabled_policies_are_not_created() {
    assert_eq!(
        names(&children(&json!({"networkPolicy": {"mode": "Disabled"}})), Kind::NetworkPolicy),
        [""; 0]
    );
}
