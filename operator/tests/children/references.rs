//! Every field of the spec that can name a Secret or a ConfigMap is followed: the object is looked up, and a change of it changes
//! the pods that use it. The fields are those of the definition, so that a new one fails here.

use std::collections::BTreeSet;

use ccx_crds::CcxPipeline;
use ccx_operator::{build::yaml, model::references::referenced_names};
use kube::CustomResourceExt;
use serde_json::{Value, json};

use crate::sample::{children_with, config_map, pipeline, references, secret};

/// Objects that the kubelet or a router reads, and the operator does not: they are in no process of ours.
const NOT_READ: [&str; 4] = [
    "imagePullSecrets",
    "podTemplate.imagePullSecrets",
    "exposure.ingress.tlsSecretName",
    // A selector: `rule_config_maps`.
    "dataPipeline.rules.configMapSelector",
];

/// Objects that pods read again by themselves when they change.
const RELOADED: [&str; 3] = [
    "dataPipeline.rules.configMapRefs",
    "dataPipeline.rules.content.configMapRefs",
    "publicApi.authentication.clusterTokensSecretRef",
];

/// Returns variables that take values from objects named after the owner of the template.
fn template(owner: &str) -> Value {
    let secret = json!({"name": format!("{owner}-secret"), "key": "password"});
    let config_map = json!({"name": format!("{owner}-config"), "key": "file"});
    json!({"extraEnv": [
        {"name": "A", "valueFrom": {"secretKeyRef": secret}},
        {"name": "B", "valueFrom": {"configMapKeyRef": config_map}},
    ]})
}

/// Returns specs that together set every field that can name an object, each with a name of its own.
fn specs() -> [Value; 2] {
    let named = |name: &str| json!({"name": name});
    let managed = json!({
        "kafka": {
            "securityProtocol": "SASL_SSL",
            "sasl": {"credentialsSecretRef": named("kafka-user")},
            "caSecretRef": named("kafka-ca"),
            "clientCertificateSecretRef": named("kafka-certificate"),
            "topics": {"workloads": "ccx.dvo.results"},
        },
        "objectStorage": {
            "credentials": {"type": "Secret", "secretRef": named("bucket")},
            "caSecretRef": named("bucket-ca"),
        },
        "database": {"managed": {"podTemplate": template("database")}},
        "dataPipeline": {
            "podTemplate": template("pipeline"),
            "insightsCore": {"mode": "Enabled", "image": "python", "configMapKeyRef": {"name": "plugins", "key": "file"}},
            "rules": {
                "configMapRefs": [named("rules")],
                "content": {"configMapRefs": [{"name": "content", "items": [{"key": "file", "path": "a/plugin.yaml"}]}]},
            },
        },
        "dbWriter": {
            "podTemplate": template("writer"),
            "orgAllowlistConfigMapRef": {"name": "organisations", "key": "file"},
        },
        "aggregator": {"podTemplate": template("aggregator")},
        "workloadsWriter": {},
        "requestsWriter": {"valkey": {
            "endpoint": "valkey:6379",
            "tls": "Enabled",
            "credentialsSecretRef": named("valkey-user"),
            "caSecretRef": named("valkey-ca"),
        }},
        "publicApi": {
            "authentication": {
                "clusterTokensSecretRef": named("tokens"),
                "oidc": {"issuer": "https://sso", "audiences": ["ccx"], "caSecretRef": named("oidc-ca")},
            },
            "accountManagement": {
                "url": "https://api",
                "credentialsSecretRef": named("ams-client"),
                "caSecretRef": named("ams-ca"),
            },
            "login": {
                "clientId": "advisor",
                "url": "https://advisor",
                "clientSecretRef": named("advisor-client"),
            },
            "pageSecretRef": named("sessions"),
        },
        "cleaner": {},
    });
    let external = json!({"database": {"type": "External", "external": {
        "host": "db",
        "tlsMode": "VerifyFull",
        "credentialsSecretRef": named("database-user"),
        "caSecretRef": named("database-ca"),
    }}});
    [managed, external]
}

/// Returns the paths of all fields that can name a Secret or a ConfigMap, without marks of lists.
fn fields() -> BTreeSet<String> {
    fn collect(schema: &Value, path: &str, found: &mut BTreeSet<String>) {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let inner = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let name = name.to_ascii_lowercase();
            let names_an_object = name.contains("secret") || name.contains("configmap");
            if names_an_object && !is_of_an_object(path) {
                found.insert(inner.clone());
            }
            collect(property, &inner, found);
        }
        for inner in ["items", "additionalProperties"].iter().filter_map(|key| schema.get(key)) {
            collect(inner, path, found);
        }
    }
    fn is_of_an_object(path: &str) -> bool {
        let last = path.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        last.contains("secretref") || last.contains("secretkeyref") || last.contains("configmap")
    }
    let definition = json!(CcxPipeline::crd());
    let mut found = BTreeSet::new();
    collect(
        &definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"],
        "",
        &mut found,
    );
    found
}

/// Returns the names of the objects at a path, through lists.
fn names_at(value: &Value, path: &str) -> Vec<String> {
    if let Value::Array(items) = value {
        return items.iter().flat_map(|item| names_at(item, path)).collect();
    }
    match path.split_once('.') {
        _ if path.is_empty() => value["name"].as_str().map(str::to_owned).into_iter().collect(),
        Some((name, rest)) => names_at(&value[name], rest),
        None => names_at(&value[path], ""),
    }
}

fn is_listed(path: &str, list: &[&str]) -> bool {
    list.iter().any(|end| path == *end || path.ends_with(&format!(".{end}")))
}

/// Returns the followed fields, each with a spec that sets it and the name of its object.
fn followed() -> Vec<(String, Value, String)> {
    let specs = specs();
    let fields = fields().into_iter().filter(|path| !is_listed(path, &NOT_READ));
    let found = fields.map(|path| {
        let set =
            specs.iter().find_map(|spec| Some((spec.clone(), names_at(spec, &path).into_iter().next()?)));
        let (spec, name) =
            set.unwrap_or_else(|| panic!("set {path} in a spec of this test, and follow its object"));
        (path, spec, name)
    });
    found.collect()
}

#[test]
fn every_field_that_names_an_object_is_looked_up() {
    let followed = followed();
    assert!(followed.len() >= 24, "{}", followed.len());
    for (path, spec, name) in followed {
        let names = referenced_names(&pipeline(&spec));
        let objects =
            if path.to_ascii_lowercase().contains("configmap") { names.config_maps } else { names.secrets };
        assert!(objects.contains(&name), "{path}: {name} is not among {objects:?}");
    }
}

#[test]
fn changed_object_of_every_field_changes_the_pods_that_read_it_at_their_start() {
    for (path, spec, name) in followed() {
        let pipeline = pipeline(&spec);
        let before = references(&pipeline);
        let mut after = before.clone();
        if let Some(found) = after.secrets.get_mut(&name) {
            *found = Some(secret(&name, "2"));
        }
        if let Some(found) = after.config_maps.get_mut(&name) {
            *found = Some(config_map(&name, "2"));
        }
        let [before, after] = [before, after].map(|it| yaml::documents(&children_with(&pipeline, &it)));
        assert_eq!(before != after, !is_listed(&path, &RELOADED), "{path}");
    }
}

#[test]
fn missing_object_of_every_field_holds_back_pods() {
    for (path, spec, name) in followed() {
        let pipeline = pipeline(&spec);
        let mut references = references(&pipeline);
        references.secrets.entry(name.clone()).and_modify(|it| *it = None);
        references.config_maps.entry(name.clone()).and_modify(|it| *it = None);
        let children = children_with(&pipeline, &references);
        let is_held = children.missing().iter().any(|problem| problem.message.contains(&name));
        assert!(is_held, "{path}: nothing waits for {name}");
    }
}
