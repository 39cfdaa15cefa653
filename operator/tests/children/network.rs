//! NetworkPolicies.

use ccx_operator::model::kind::Kind;
use serde_json::{Value, json};

use crate::sample::{children, names, object};

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

#[test]
fn api_port_is_open_and_health_port_is_restricted() {
    let api = policy(&json!({}), "ccx-insights-results-aggregator");
    assert_eq!(api["ingress"], json!([{"ports": [{"port": 10000, "protocol": "TCP"}]}]));
    let pipeline = policy(&json!({}), "ccx-data-pipeline");
    let watchers: Vec<&Value> = pipeline["ingress"][0]["from"]
        .as_array()
        .unwrap()
        .iter()
        .map(|peer| &peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"])
        .collect();
    assert_eq!(watchers, ["ccx-operator", "prometheus"]);
    assert_eq!(pipeline["ingress"][0]["ports"], json!([{"port": 8000, "protocol": "TCP"}]));
}

#[test]
fn job_accepts_no_connections() {
    assert_eq!(policy(&json!({}), "ccx-topics")["ingress"], Value::Null);
}

#[test]
fn disabled_policies_are_not_created() {
    assert_eq!(names(&children(&json!({"networkPolicy": "Disabled"})), Kind::NetworkPolicy), [""; 0]);
}
