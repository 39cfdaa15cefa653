//! Invariants of the children of any resource.

use std::collections::BTreeSet;

use ccx_config::Config;
use ccx_operator::model::{kind::Kind, resources::Children};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::sample::{self, SECRET_MARK, children, json_of};

/// Generates valid specs: each part is one of a few that cover different code.
fn spec() -> impl Strategy<Value = Value> {
    let parts = (
        kafka(),
        storage(),
        database(),
        data_pipeline(),
        writer(),
        aggregator(),
        monitoring(),
        any::<[bool; 3]>(),
    );
    parts.prop_map(
        |(kafka, storage, database, pipeline, writer, aggregator, monitoring, [suspend, delete, open])| {
            json!({
                "kafka": kafka, "objectStorage": storage, "database": database, "dataPipeline": pipeline,
                "dbWriter": writer, "aggregator": aggregator, "monitoring": monitoring, "suspend": suspend,
                "deletionPolicy": if delete { "Delete" } else { "Retain" },
                "networkPolicy": {"mode": if open { "Disabled" } else { "Managed" }},
            })
        },
    )
}

fn one_of(choices: &Value) -> impl Strategy<Value = Value> + use<> {
    proptest::sample::select(choices.as_array().unwrap().clone())
}

fn kafka() -> impl Strategy<Value = Value> {
    let certificate = json!({"name": "certificate"});
    one_of(&json!([
        {},
        {"bootstrapServers": ["a:1", "b:65535"], "topicManagement": {"policy": "External"}, "properties": {"a.b": "c"}},
        {"securityProtocol": "SSL", "caSecretRef": {"name": "ca"}, "clientCertificateSecretRef": certificate},
        {"securityProtocol": "SASL_PLAINTEXT", "sasl": {"mechanism": "PLAIN", "credentialsSecretRef": {"name": "user"}}},
        {"securityProtocol": "SASL_SSL", "sasl": {"username": "ccx", "credentialsSecretRef": {"name": "user"}},
         "caSecretRef": {"name": "ca"}, "clientCertificateSecretRef": certificate},
    ]))
}

fn storage() -> impl Strategy<Value = Value> {
    one_of(&json!([
        {},
        {"endpoint": "http://minio:9000", "addressing": "Path", "linkPolicy": "Any", "caSecretRef": {"name": "storage-ca"},
         "credentials": {"type": "Secret", "secretRef": {"name": "bucket"}}},
        {"region": "eu-central-1", "credentials": {"workloadIdentity": {"serviceAccountAnnotations": {"role": "x"}}}},
    ]))
}

fn database() -> impl Strategy<Value = Value> {
    let external = json!({
        "host": "db", "credentialsSecretRef": {"name": "role"}, "caSecretRef": {"name": "database-ca"}, "tlsMode": "VerifyCa",
    });
    one_of(&json!([
        {},
        {"managed": {"storage": {"volume": "Ephemeral"}, "parameters": {"work_mem": "8MB"}}},
        {"type": "External", "external": external, "connection": {"connectTimeout": "250ms"}},
    ]))
}

fn data_pipeline() -> impl Strategy<Value = Value> {
    let template =
        json!({"labels": {"a": "b"}, "extraEnv": [{"name": "A", "value": "b"}], "nodeSelector": {"a": "b"}});
    one_of(&json!([
        {},
        {"replicas": 0, "podTemplate": template, "image": "ccx:1", "shutdownTimeout": "1m"},
        {"insightsCore": insights_core()},
        {"autoscaling": {"type": "Cpu"}, "rules": {"configMapRefs": [{"name": "our-rules"}, {"name": "their-rules"}]}},
        {"autoscaling": {"type": "KafkaLag"}, "archiveLimits": {"maxCompressedSize": "1234567"}, "maxRecordAge": "1h30m",
         "rules": {"volumeClaim": {"claimName": "rules"}, "image": {"reference": "rules:1"}}},
    ]))
}

fn insights_core() -> Value {
    json!({"mode": "Enabled", "image": "python:1", "packages": ["ours"], "configMapKeyRef": {"name": "plugins", "key": "file"}})
}

fn writer() -> impl Strategy<Value = Value> {
    let allowlist = json!({"name": "organisations", "key": "file"});
    one_of(
        &json!([{}, {"replicas": 0, "orgAllowlistConfigMapRef": allowlist}, {"metricsNamespace": "", "batch": {"maxSize": "1Mi"}}]),
    )
}

fn aggregator() -> impl Strategy<Value = Value> {
    let gateway = json!({"parentRefs": [{"name": "public", "sectionName": "https"}]});
    one_of(&json!([
        {},
        {"exposure": {"type": "Route"}, "authentication": "None"},
        {"exposure": {"type": "Ingress", "host": "a.example.com"}, "autoscaling": {"type": "None"}},
        {"exposure": {"type": "Gateway", "gateway": gateway}, "apiPrefix": "/"},
    ]))
}

fn monitoring() -> impl Strategy<Value = Value> {
    one_of(&json!([
        {},
        {"scrape": "ServiceMonitor", "dashboards": {"presence": "Enabled"}, "labels": {"release": "x"}},
        {"scrape": "Disabled", "alerts": "Disabled"},
    ]))
}

/// Returns the objects that pods refer to, by kind.
fn needed(children: &Children) -> BTreeSet<(Kind, String)> {
    let mut needed = BTreeSet::new();
    for pod in children.iter().map(json_of).map(|object| object["spec"]["template"]["spec"].clone()) {
        let mut need = |kind, name: &Value| needed.extend(name.as_str().map(|name| (kind, name.to_owned())));
        need(Kind::ServiceAccount, &pod["serviceAccountName"]);
        for volume in pod["volumes"].as_array().into_iter().flatten() {
            need(Kind::ConfigMap, &volume["configMap"]["name"]);
            need(Kind::PersistentVolumeClaim, &volume["persistentVolumeClaim"]["claimName"]);
            need(Kind::Secret, &volume["secret"]["secretName"]);
        }
    }
    needed
}

/// Whether a name is valid as that of an object with this limit, without dots.
fn is_name(name: &str, limit: usize) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_bounded = !name.starts_with('-') && !name.ends_with('-') && (1..=limit).contains(&name.len());
    is_bounded && name.bytes().all(is_inner)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn valid_resource_is_built_deterministically_with_valid_names_and_no_secret(spec in spec()) {
        let mut pipeline = sample::pipeline(&spec);
        pipeline.metadata.name = Some("a".repeat(35));
        let references = sample::references(&pipeline);
        let children = sample::children_with(&pipeline, &references);
        prop_assert_eq!(&children, &sample::children_with(&pipeline, &references));
        let mut seen = BTreeSet::new();
        for child in &children {
            // A Service, and the label of a pod, have at most 63 characters.
            let limit = if child.kind() == Kind::ConfigMap { 253 } else { 63 };
            prop_assert!(is_name(child.name(), limit), "{}", child.name());
            prop_assert!(seen.insert((child.kind(), child.name().to_owned())), "{} twice", child.name());
            prop_assert_eq!(child.namespace(), "insights");
            prop_assert!(!json_of(child).to_string().contains(SECRET_MARK), "{} has a secret", child.name());
        }
    }

    #[test]
    fn object_that_pods_need_exists_or_is_a_reference(spec in spec()) {
        let users = ["organisations", "plugins", "our-rules", "their-rules", "rules", "ca", "certificate", "user", "bucket", "storage-ca", "role", "database-ca"];
        let children = children(&spec);
        for (kind, name) in needed(&children) {
            let exists = children.find(kind, &name).is_some() || users.contains(&name.as_str());
            prop_assert!(exists, "{} {name} is missing", kind.name());
        }
    }

    #[test]
    fn every_configuration_file_is_parsed_by_the_workloads(spec in spec()) {
        let environment = ["CCX__KAFKA__SASL_USERNAME", "CCX__DATABASE__USER"].map(|name| (name.to_owned(), "x".to_owned()));
        for child in children(&spec).iter().filter(|child| child.kind() == Kind::ConfigMap) {
            let object = json_of(child);
            let Some(text) = object["data"]["ccx.toml"].as_str() else { continue };
            prop_assert_eq!(Config::parse(text, environment.clone()).err(), None, "{}", text);
        }
    }

    #[test]
    fn every_mount_has_its_volume_and_every_volume_a_mount(spec in spec()) {
        for pod in children(&spec).iter().map(json_of).map(|object| object["spec"]["template"]["spec"].clone()) {
            let names = |list: &Value| -> BTreeSet<String> {
                list.as_array().into_iter().flatten().map(|item| item["name"].to_string()).collect()
            };
            prop_assert_eq!(names(&pod["volumes"]), names(&pod["containers"][0]["volumeMounts"]));
        }
    }
}
