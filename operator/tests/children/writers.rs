//! The optional writers of workloads and requests.

use ccx_operator::model::{component::Component, kind::Kind};
use serde_json::{Value, json};

use crate::sample::{children, names, object};

const WORKLOADS: &str = "ccx-dvo-writer";
const REQUESTS: &str = "ccx-valkey-writer";

fn with_writers() -> Value {
    json!({
        "kafka": {"topics": {"workloads": "ccx.dvo.results"}},
        "dbWriter": {"orgAllowlistConfigMapRef": {"name": "organisations", "key": "list.csv"}},
        "workloadsWriter": {"consumerGroup": "dvo"},
        "requestsWriter": {
            "valkey": {
                "endpoint": "valkey.cache.svc:6380",
                "tls": "Enabled",
                "credentialsSecretRef": {"name": "valkey-user"},
                "caSecretRef": {"name": "valkey-ca"},
            },
            "expiration": "1h",
        },
    })
}

fn config_file(spec: &Value, name: &str) -> String {
    object(&children(spec), Kind::ConfigMap, name)["data"]["ccx.toml"].as_str().unwrap().to_owned()
}

#[test]
fn optional_writer_without_its_field_is_absent() {
    let deployments = names(&children(&json!({})), Kind::Deployment);
    assert!(!deployments.iter().any(|name| name == WORKLOADS || name == REQUESTS), "{deployments:?}");
}

#[test]
fn optional_writer_has_deployment_account_policy_and_configuration() {
    let children = children(&with_writers());
    for kind in [Kind::Deployment, Kind::ServiceAccount, Kind::NetworkPolicy, Kind::ConfigMap] {
        let found = names(&children, kind);
        for name in [WORKLOADS, REQUESTS] {
            assert!(found.iter().any(|it| it == name), "{kind:?} {name}: {found:?}");
        }
    }
    let deployment = object(&children, Kind::Deployment, WORKLOADS);
    assert_eq!(deployment["spec"]["strategy"]["type"], "Recreate");
    assert_eq!(deployment["spec"]["template"]["spec"]["containers"][0]["args"], json!(["dvo-writer"]));
}

#[test]
fn optional_writer_reads_its_section_and_the_batches_of_the_writer() {
    let workloads = config_file(&with_writers(), WORKLOADS);
    assert!(workloads.contains("[dvo_writer]\ngroup = \"dvo\""), "{workloads}");
    assert!(workloads.contains("org_allowlist_file"), "{workloads}");
    let requests = config_file(&with_writers(), REQUESTS);
    for line in
        ["endpoint = \"valkey.cache.svc:6380\"", "tls = true", "password_file = ", "expiration = \"1h\""]
    {
        assert!(requests.contains(line), "{line}: {requests}");
    }
    assert!(!requests.contains("[database]"), "{requests}");
}

#[test]
fn user_of_valkey_comes_from_the_secret_as_a_variable() {
    let deployment = object(&children(&with_writers()), Kind::Deployment, REQUESTS);
    let variables =
        deployment["spec"]["template"]["spec"]["containers"][0]["env"].as_array().unwrap().clone();
    let user = variables.iter().find(|it| it["name"] == "CCX__VALKEY__USERNAME").unwrap();
    assert_eq!(user["valueFrom"]["secretKeyRef"], json!({"name": "valkey-user", "key": "username"}));
}

#[test]
fn policies_let_optional_writers_reach_what_they_use() {
    let children = children(&with_writers());
    let database = object(&children, Kind::NetworkPolicy, "ccx-data-pipeline-db");
    let clients: Vec<&Value> = database["spec"]["ingress"][0]["from"]
        .as_array()
        .unwrap()
        .iter()
        .map(|peer| &peer["podSelector"]["matchLabels"]["ccx.openshift.io/role"])
        .collect();
    assert!(
        clients.contains(&&json!("dvo-writer")) && !clients.contains(&&json!("valkey-writer")),
        "{clients:?}"
    );
    let requests = object(&children, Kind::NetworkPolicy, REQUESTS);
    assert!(requests["spec"]["egress"].to_string().contains("6380"), "{requests}");
}

#[test]
fn requests_without_valkey_are_in_the_database() {
    let spec = json!({"requestsWriter": {}, "publicApi": {}});
    let file = config_file(&spec, REQUESTS);
    assert!(file.contains("[database]") && !file.contains("[valkey]"), "{file}");
    assert!(!config_file(&spec, "ccx-insights-results-smart-proxy").contains("[valkey]"));
    let children = children(&spec);
    let writer = children.workload(Component::RequestsWriter).unwrap();
    assert!(writer.uses_database, "it waits for the schema");
    let database = object(&children, Kind::NetworkPolicy, "ccx-data-pipeline-db");
    let clients = database["spec"]["ingress"][0]["from"].to_string();
    assert!(clients.contains("\"valkey-writer\""), "{clients}");
    let own = object(&children, Kind::NetworkPolicy, REQUESTS)["spec"]["egress"].to_string();
    assert!(own.contains("5432"), "{own}");
}
