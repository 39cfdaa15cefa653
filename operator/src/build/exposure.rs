//! The exposure of the API outside the cluster.

use std::collections::BTreeMap;

use ccx_crds::{Exposure, ExposureType, RouteTermination};
use k8s_openapi::api::networking::v1::{
    HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule, IngressServiceBackend,
    IngressSpec, IngressTLS, ServiceBackendPort,
};
use kube::core::ObjectMeta;
use serde_json::{Value, json};

use crate::{
    build::{metadata::metadata, pod::API_PORT_NAME},
    model::{
        component::Component,
        kind::Kind,
        resources::{Child, Stage},
        validated::ValidatedPipeline,
    },
};

pub(super) fn children(pipeline: &ValidatedPipeline) -> Vec<Child> {
    let exposure = &pipeline.aggregator.exposure;
    let child = |kind, object: Value| vec![Child::new(kind, Component::Aggregator, Stage::Exposure, &object)];
    match exposure.kind {
        ExposureType::ClusterIp => Vec::new(),
        ExposureType::Route => child(Kind::Route, route(pipeline, exposure)),
        ExposureType::Ingress => {
            vec![Child::new(
                Kind::Ingress,
                Component::Aggregator,
                Stage::Exposure,
                &ingress(pipeline, exposure),
            )]
        }
        ExposureType::Gateway => child(Kind::HttpRoute, http_route(pipeline, exposure)),
    }
}

fn route(pipeline: &ValidatedPipeline, exposure: &Exposure) -> Value {
    let details = exposure.route.clone().unwrap_or_default();
    let mut spec = json!({
        "to": {"kind": "Service", "name": service(pipeline), "weight": 100},
        "port": {"targetPort": API_PORT_NAME},
        // Health and metrics of the same port are not public.
        "path": pipeline.aggregator.config.api_prefix.trim_end_matches('/'),
    });
    if let Some(host) = &exposure.host {
        spec["host"] = json!(host);
    }
    if details.termination == RouteTermination::Edge {
        spec["tls"] = json!({"termination": "edge", "insecureEdgeTerminationPolicy": "Redirect"});
    }
    json!({"metadata": annotated(pipeline, &details.annotations), "spec": spec})
}

fn ingress(pipeline: &ValidatedPipeline, exposure: &Exposure) -> Ingress {
    let details = exposure.ingress.clone().unwrap_or_default();
    let backend = IngressServiceBackend {
        name: service(pipeline),
        port: Some(ServiceBackendPort { name: Some(API_PORT_NAME.into()), number: None }),
    };
    let path = HTTPIngressPath {
        path: Some(pipeline.aggregator.config.api_prefix.clone()),
        path_type: "Prefix".into(),
        backend: IngressBackend { service: Some(backend), resource: None },
    };
    let rule =
        IngressRule { host: exposure.host.clone(), http: Some(HTTPIngressRuleValue { paths: vec![path] }) };
    let tls = |secret: String| {
        vec![IngressTLS { hosts: exposure.host.clone().map(|host| vec![host]), secret_name: Some(secret) }]
    };
    let spec = IngressSpec {
        ingress_class_name: details.class_name,
        rules: Some(vec![rule]),
        tls: details.tls_secret_name.map(tls),
        ..IngressSpec::default()
    };
    Ingress { metadata: annotated(pipeline, &details.annotations), spec: Some(spec), ..Ingress::default() }
}

/// Fields: <https://gateway-api.sigs.k8s.io/reference/spec/#httproute>.
fn http_route(pipeline: &ValidatedPipeline, exposure: &Exposure) -> Value {
    let gateways = exposure.gateway.clone().unwrap_or_default().parent_refs;
    let prefix = &pipeline.aggregator.config.api_prefix;
    let mut spec = json!({
        "parentRefs": gateways,
        "rules": [{
            "matches": [{"path": {"type": "PathPrefix", "value": prefix}}],
            "backendRefs": [{"name": service(pipeline), "port": Component::Aggregator.port()}],
        }],
    });
    if let Some(host) = &exposure.host {
        spec["hostnames"] = json!([host]);
    }
    json!({"metadata": metadata(pipeline, Component::Aggregator.name()), "spec": spec})
}

fn service(pipeline: &ValidatedPipeline) -> String {
    Component::Aggregator.object_name(pipeline.name.as_str())
}

fn annotated(pipeline: &ValidatedPipeline, annotations: &BTreeMap<String, String>) -> ObjectMeta {
    ObjectMeta {
        annotations: (!annotations.is_empty()).then(|| annotations.clone()),
        ..metadata(pipeline, Component::Aggregator.name())
    }
}
