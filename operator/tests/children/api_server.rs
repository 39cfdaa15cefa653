//! The children on a real API server: it accepts all of them, and admits their pods to a restricted
//! namespace.

use std::{process, time::Duration};

use ccx_operator::model::{
    kind::{Availability, Kind},
    names::MANAGER,
    references::Capabilities,
    resources::{Child, Children},
};
use ccx_test_support::needs;
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::{
    Api, Client, Config,
    api::{DeleteParams, Patch, PatchParams, PostParams, ValidationDirective},
    config::{KubeConfigOptions, Kubeconfig},
    core::DynamicObject,
};
use serde_json::{Value, json};

use crate::sample;

/// Attempts to create a pod while its namespace has no service account yet, ten per second.
const TRIES: usize = 100;

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn every_child_is_accepted_by_the_api_server() {
    let client = client().await;
    for spec in specs() {
        for child in &children(&spec, "default") {
            let outcome = dry_run(&client, child, "default").await;
            assert!(outcome.is_ok(), "{} {} of {spec}: {outcome:?}", child.kind().name(), child.name());
        }
    }
}

#[tokio::test]
#[ignore = "needs Kubernetes"]
async fn pods_are_admitted_to_a_restricted_namespace() {
    let client = client().await;
    let name = format!("children-{}", process::id());
    let labels = json!({"pod-security.kubernetes.io/enforce": "restricted"});
    let namespace: Namespace =
        serde_json::from_value(json!({"metadata": {"name": name, "labels": labels}})).unwrap();
    let namespaces = Api::<Namespace>::all(client.clone());
    namespaces.create(&PostParams::default(), &namespace).await.unwrap();
    let mut refused = Vec::new();
    for spec in specs() {
        for template in
            children(&spec, &name).iter().map(|child| sample::json_of(child)["spec"]["template"].clone())
        {
            if template.is_object() {
                refused.extend(try_pod(&client, &name, template).await);
            }
        }
    }
    namespaces.delete(&name, &DeleteParams::default()).await.unwrap();
    assert_eq!(refused, Vec::<String>::new());
}

/// Resources that cover different code, without kinds of extensions, which the API server does not serve.
fn specs() -> [Value; 4] {
    let sasl = json!({"credentialsSecretRef": {"name": "user"}});
    let external = json!({"host": "db", "credentialsSecretRef": {"name": "role"}});
    let insights_core = json!({"mode": "Enabled", "image": "python:1", "packages": ["ours"], "workers": 2});
    [
        json!({}),
        json!({
            "kafka": {"securityProtocol": "SASL_SSL", "sasl": sasl, "caSecretRef": {"name": "ca"}},
            "database": {"type": "External", "external": external},
            "aggregator": {"exposure": {"type": "Ingress", "host": "a.example.com", "ingress": {"tlsSecretName": "tls"}}},
            "monitoring": {"dashboards": {"presence": "Enabled"}},
        }),
        json!({
            "database": {"managed": {"storage": {"volume": "Ephemeral", "size": "1Gi"}}},
            "dataPipeline": {"autoscaling": {"type": "Cpu"}, "insightsCore": insights_core},
            "suspend": true,
        }),
        json!({"dataPipeline": {"rules": {"volumeClaim": {"claimName": "rules"}, "image": {"reference": "rules:1"}}}}),
    ]
}

fn children(spec: &Value, namespace: &str) -> Children {
    let mut pipeline = sample::pipeline(spec);
    pipeline.metadata.namespace = Some(namespace.to_owned());
    let mut references = sample::references(&pipeline);
    references.capabilities =
        Capabilities::new(Kind::ALL.into_iter().filter(|kind| kind.availability() == Availability::Always));
    sample::children_with(&pipeline, &references)
}

async fn dry_run(client: &Client, child: &Child, namespace: &str) -> kube::Result<()> {
    let api = Api::<DynamicObject>::namespaced_with(client.clone(), namespace, &child.kind().api_resource());
    let parameters =
        PatchParams { field_validation: Some(ValidationDirective::Strict), ..PatchParams::apply(MANAGER) };
    api.patch(child.name(), &parameters.force().dry_run(), &Patch::Apply(&child.object)).await.map(drop)
}

/// Returns why a pod is refused, by a dry run. Its service account is removed, since it does not exist.
async fn try_pod(client: &Client, namespace: &str, template: Value) -> Option<String> {
    let mut pod = template;
    pod["metadata"]["name"] = json!("pod");
    pod["spec"].as_object_mut().unwrap().remove("serviceAccountName");
    let pod: Pod = serde_json::from_value(pod).unwrap();
    let parameters = PostParams { dry_run: true, ..PostParams::default() };
    for _ in 0..TRIES {
        match Api::namespaced(client.clone(), namespace).create(&parameters, &pod).await {
            Ok(_) => return None,
            Err(error) if error.to_string().contains("error looking up service account") => {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            Err(error) => return Some(error.to_string()),
        }
    }
    Some("the namespace has no service account".into())
}

async fn client() -> Client {
    let kubeconfig = Kubeconfig::read_from(needs::kubeconfig()).unwrap();
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
    Client::try_from(config).unwrap()
}
