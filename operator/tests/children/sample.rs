//! Resources and their references, for tests.

use std::collections::BTreeMap;

use ccx_crds::CcxPipeline;
use ccx_operator::{
    build::build,
    model::{
        component::Component,
        kind::Kind,
        problem::ValidationErrors,
        references::{Capabilities, References, referenced_names},
        resources::{Child, Children},
    },
    validate::{OperatorDefaults, validate},
};
use ccx_test_support::merge_patch;
use k8s_openapi::{
    ByteString,
    api::core::v1::{ConfigMap, Secret},
};
use kube::core::ObjectMeta;
use serde_json::{Value, json};

/// A marker in every secret value, to detect leaks.
pub(crate) const SECRET_MARK: &str = "hunter2";

/// The keys that specs of tests refer to, and the default keys of all references.
const KEYS: [&str; 9] = [
    "username",
    "password",
    "ca.crt",
    "tls.crt",
    "tls.key",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "client-secret",
    "secret",
];

/// Returns the minimal resource `ccx` in the namespace `insights`, merged with `spec`.
pub(crate) fn pipeline(spec: &Value) -> CcxPipeline {
    let mut resource = json!({
        "apiVersion": "ccx.openshift.io/v1alpha1",
        "kind": "CcxPipeline",
        "metadata": {"name": "ccx", "namespace": "insights", "uid": "f1e7"},
        "spec": {"kafka": {"bootstrapServers": ["kafka:9092"]}, "objectStorage": {"bucket": "uploads"}},
    });
    merge_patch(&mut resource["spec"], spec.clone());
    serde_json::from_value(resource).unwrap()
}

/// Returns the spec of a resource with every optional component.
pub(crate) fn every_component() -> Value {
    json!({
        "kafka": {"topics": {"workloads": "ccx.dvo.results"}},
        "workloadsWriter": {},
        "requestsWriter": {"valkey": {"endpoint": "valkey:6379"}},
        "publicApi": {},
        "ingress": {},
        "cleaner": {},
    })
}

/// Returns all references of the resource, in a cluster that serves every kind.
pub(crate) fn references(pipeline: &CcxPipeline) -> References {
    let wanted = referenced_names(pipeline);
    References {
        secrets: wanted.secrets.iter().map(|name| (name.clone(), Some(secret(name, "1")))).collect(),
        config_maps: wanted
            .config_maps
            .iter()
            .map(|name| (name.clone(), Some(config_map(name, "1"))))
            .collect(),
        capabilities: Capabilities::all(),
        ..References::default()
    }
}

/// Returns a Secret with all keys; its content depends on `version`.
pub(crate) fn secret(name: &str, version: &str) -> Secret {
    let value = |key: &str| ByteString(format!("{SECRET_MARK}-{name}-{key}-{version}").into_bytes());
    let data: BTreeMap<String, ByteString> = KEYS.iter().map(|key| ((*key).to_owned(), value(key))).collect();
    Secret { metadata: metadata(name), data: Some(data), ..Secret::default() }
}

/// Returns a ConfigMap with the key `file`; its content depends on `version`.
pub(crate) fn config_map(name: &str, version: &str) -> ConfigMap {
    let data = BTreeMap::from([("file".to_owned(), format!("{name} {version}"))]);
    ConfigMap { metadata: metadata(name), data: Some(data), ..ConfigMap::default() }
}

/// Returns the children of the resource with this spec.
pub(crate) fn children(spec: &Value) -> Children {
    let pipeline = pipeline(spec);
    let references = references(&pipeline);
    children_with(&pipeline, &references)
}

/// Returns the children of a valid resource.
pub(crate) fn children_with(pipeline: &CcxPipeline, references: &References) -> Children {
    build(&validate(pipeline, references, &OperatorDefaults::default()).unwrap())
}

/// Returns the problems of the resource with this spec.
pub(crate) fn errors(spec: &Value) -> ValidationErrors {
    let pipeline = pipeline(spec);
    let references = references(&pipeline);
    validate(&pipeline, &references, &OperatorDefaults::default()).unwrap_err()
}

/// Returns the child of this kind and name as JSON; the name of a configuration is given without its digest.
pub(crate) fn object(children: &Children, kind: Kind, name: &str) -> Value {
    let child = children.find(kind, name).or_else(|| {
        let is_named = |child: &&Child| child.kind() == kind && without_digest(child) == name;
        children.iter().find(is_named)
    });
    json_of(child.unwrap_or_else(|| panic!("{} {name} is missing", kind.name())))
}

/// Returns the pod template of a component.
pub(crate) fn pod(children: &Children, component: Component) -> Value {
    json_of(children.workload(component).unwrap())["spec"]["template"].clone()
}

/// Returns the first container of a component.
pub(crate) fn container(children: &Children, component: Component) -> Value {
    pod(children, component)["spec"]["containers"][0].clone()
}

/// Returns a child as JSON.
pub(crate) fn json_of(child: &Child) -> Value {
    serde_json::to_value(&child.object).unwrap()
}

/// Returns the names of all children of a kind, those of configurations without their digests.
pub(crate) fn names(children: &Children, kind: Kind) -> Vec<String> {
    let name = |child| if kind == Kind::ConfigMap { without_digest(child) } else { Child::name(child) };
    children.iter().filter(|child| child.kind() == kind).map(|child| name(child).to_owned()).collect()
}

/// Returns the name of a child; that of a configuration or Job without its digest.
pub(crate) fn without_digest(child: &Child) -> &str {
    match child.name().rsplit_once('-') {
        Some((name, digest)) if matches!(child.kind(), Kind::ConfigMap | Kind::Job) && is_digest(digest) => {
            name
        }
        _ => child.name(),
    }
}

fn is_digest(text: &str) -> bool {
    text.len() == 10 && text.chars().all(|digit| digit.is_ascii_hexdigit())
}

fn metadata(name: &str) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.into()),
        namespace: Some("insights".into()),
        uid: Some("5a17".into()),
        ..ObjectMeta::default()
    }
}
