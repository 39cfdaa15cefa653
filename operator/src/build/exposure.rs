//! The exposure of the APIs outside the cluster.

use std::collections::BTreeMap;

use ccx_crds::{Exposure, ExposureType, RouteTermination};
use k8s_openapi::api::networking::v1::{
    HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule, IngressServiceBackend,
    IngressSpec, IngressTLS, ServiceBackendPort,
};
use kube::core::ObjectMeta;
use serde_json::{Value, json};

use crate::{
    build::{metadata::metadata, service::served_port},
    model::{
        component::Component,
        kind::Kind,
        object::Extension,
        resources::{Child, Stage},
        validated::ValidatedPipeline,
    },
};

/// The paths of the Advisor page, and of uploads and gathering rules.
const PAGE: [&str; 2] = ["/openshift/insights/advisor/", "/ui/"];
const UPLOADS: [&str; 2] = ["/api/ingress/", "/api/gathering/"];

/// One host: the component that it is named after, and the paths that it serves.
struct Host<'a> {
    exposure: &'a Exposure,
    component: Component,
    paths: Vec<(&'a str, Component)>,
}

pub(super) fn children(pipeline: &ValidatedPipeline) -> Vec<Child> {
    hosts(pipeline).iter().flat_map(|host| exposure_children(pipeline, host)).collect()
}

/// Returns the hosts. Health and metrics are on none of their paths.
fn hosts(pipeline: &ValidatedPipeline) -> Vec<Host<'_>> {
    let aggregator = Host {
        exposure: &pipeline.aggregator.exposure,
        component: Component::Aggregator,
        paths: vec![(&pipeline.aggregator.config.api_prefix, Component::Aggregator)],
    };
    let public = pipeline.public_api.as_ref().map(|api| {
        let served = [api.config.config.api_prefix.as_str()].into_iter().chain(PAGE);
        let uploads = UPLOADS.into_iter().filter(|_| pipeline.uploads.is_some());
        Host {
            exposure: &api.exposure,
            component: Component::SmartProxy,
            paths: served
                .map(|path| (path, Component::SmartProxy))
                .chain(uploads.map(|path| (path, Component::Ingress)))
                .collect(),
        }
    });
    [aggregator].into_iter().chain(public).collect()
}

/// Returns scheme and host of an exposure; `None` when it has none, or while its host is not known.
pub(crate) fn origin(exposure: &Exposure, reported_host: Option<&str>) -> Option<String> {
    let is_encrypted = match exposure.kind {
        ExposureType::ClusterIp => return None,
        ExposureType::Route => {
            exposure.route.clone().unwrap_or_default().termination == RouteTermination::Edge
        }
        ExposureType::Ingress => exposure.ingress.as_ref().is_some_and(|it| it.tls_secret_name.is_some()),
        // The listener of the gateway decides; one that is reachable from outside has TLS.
        ExposureType::Gateway => true,
    };
    let scheme = if is_encrypted { "https" } else { "http" };
    let host = exposure.host.as_deref().or(reported_host)?;
    // An address of IPv6 is in brackets.
    Some(if host.contains(':') { format!("{scheme}://[{host}]") } else { format!("{scheme}://{host}") })
}

fn exposure_children(pipeline: &ValidatedPipeline, host: &Host<'_>) -> Vec<Child> {
    match host.exposure.kind {
        ExposureType::ClusterIp => Vec::new(),
        ExposureType::Route => routes(pipeline, host),
        ExposureType::Ingress => {
            vec![Child::new(host.component, Stage::Exposure, ingress(pipeline, host))]
        }
        ExposureType::Gateway => {
            vec![Child::new(host.component, Stage::Exposure, http_route(pipeline, host))]
        }
    }
}

/// Returns a Route for each path: a Route has one backend.
fn routes(pipeline: &ValidatedPipeline, host: &Host<'_>) -> Vec<Child> {
    let paths = host.paths.iter().enumerate();
    paths
        .map(|(number, (path, component))| {
            let route = route(pipeline, host, number, path, *component);
            Child::new(host.component, Stage::Exposure, route)
        })
        .collect()
}

fn route(
    pipeline: &ValidatedPipeline,
    host: &Host<'_>,
    number: usize,
    path: &str,
    component: Component,
) -> Extension {
    let details = host.exposure.route.clone().unwrap_or_default();
    let path = path.trim_end_matches('/');
    let mut spec = json!({
        "to": {"kind": "Service", "name": service(pipeline, component), "weight": 100},
        "port": {"targetPort": served_port(component).0},
        "path": path,
    });
    if let Some(name) = &host.exposure.host {
        spec["host"] = json!(name);
    }
    if details.termination == RouteTermination::Edge {
        spec["tls"] = json!({"termination": "edge", "insecureEdgeTerminationPolicy": "Redirect"});
    }
    let mut metadata = annotated(pipeline, host.component, &details.annotations);
    if number > 0 {
        let last = path.rsplit('/').next().unwrap_or_default();
        metadata.name = metadata.name.map(|name| format!("{name}-{last}"));
    }
    Extension { kind: Kind::Route, metadata, spec }
}

fn ingress(pipeline: &ValidatedPipeline, host: &Host<'_>) -> Ingress {
    let details = host.exposure.ingress.clone().unwrap_or_default();
    let path = |(path, component): &(&str, Component)| {
        let port = ServiceBackendPort { name: Some(served_port(*component).0.into()), number: None };
        let backend = IngressServiceBackend { name: service(pipeline, *component), port: Some(port) };
        HTTPIngressPath {
            path: Some((*path).to_owned()),
            path_type: "Prefix".into(),
            backend: IngressBackend { service: Some(backend), resource: None },
        }
    };
    let paths = host.paths.iter().map(path).collect();
    let rule = IngressRule { host: host.exposure.host.clone(), http: Some(HTTPIngressRuleValue { paths }) };
    let tls = |secret: String| {
        let hosts = host.exposure.host.clone().map(|host| vec![host]);
        vec![IngressTLS { hosts, secret_name: Some(secret) }]
    };
    let spec = IngressSpec {
        ingress_class_name: details.class_name,
        rules: Some(vec![rule]),
        tls: details.tls_secret_name.map(tls),
        ..IngressSpec::default()
    };
    Ingress {
        metadata: annotated(pipeline, host.component, &details.annotations),
        spec: Some(spec),
        ..Ingress::default()
    }
}

/// Fields: <https://gateway-api.sigs.k8s.io/reference/spec/#httproute>.
fn http_route(pipeline: &ValidatedPipeline, host: &Host<'_>) -> Extension {
    let gateways = host.exposure.gateway.clone().unwrap_or_default().parent_refs;
    let rule = |(path, component): &(&str, Component)| {
        json!({
            "matches": [{"path": {"type": "PathPrefix", "value": path}}],
            "backendRefs": [{"name": service(pipeline, *component), "port": component.port()}],
        })
    };
    let rules: Vec<Value> = host.paths.iter().map(rule).collect();
    let mut spec = json!({"parentRefs": gateways, "rules": rules});
    if let Some(name) = &host.exposure.host {
        spec["hostnames"] = json!([name]);
    }
    Extension { kind: Kind::HttpRoute, metadata: metadata(pipeline, host.component.name()), spec }
}

fn service(pipeline: &ValidatedPipeline, component: Component) -> String {
    component.object_name(pipeline.name.as_str())
}

fn annotated(
    pipeline: &ValidatedPipeline,
    component: Component,
    annotations: &BTreeMap<String, String>,
) -> ObjectMeta {
    ObjectMeta {
        annotations: (!annotations.is_empty()).then(|| annotations.clone()),
        ..metadata(pipeline, component.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(exposure: Value) -> Option<String> {
        super::origin(&serde_json::from_value(exposure).unwrap(), None)
    }

    #[test]
    fn external_endpoint_has_scheme_and_host_of_exposure() {
        let host = "ccx.example.com";
        let ingress = origin(json!({"type": "Ingress", "host": host}));
        assert_eq!(ingress.as_deref(), Some("http://ccx.example.com"));
        let with_tls = json!({"type": "Ingress", "host": host, "ingress": {"tlsSecretName": "tls"}});
        assert_eq!(origin(with_tls).as_deref(), Some("https://ccx.example.com"));
        let route = origin(json!({"type": "Route", "host": host}));
        assert_eq!(route.as_deref(), Some("https://ccx.example.com"));
        let gateway = origin(json!({"type": "Gateway", "host": host}));
        assert_eq!(gateway.as_deref(), Some("https://ccx.example.com"));
    }

    #[test]
    fn external_endpoint_without_host_is_absent() {
        assert_eq!(origin(json!({"type": "Route"})), None);
        assert_eq!(origin(json!({"type": "ClusterIP", "host": "x"})), None);
    }

    #[test]
    fn external_endpoint_without_host_has_the_reported_one() {
        let origin =
            |exposure: Value, host| super::origin(&serde_json::from_value(exposure).unwrap(), Some(host));
        let route = origin(json!({"type": "Route"}), "ccx-ns.apps.example.com");
        assert_eq!(route.as_deref(), Some("https://ccx-ns.apps.example.com"));
        let chosen = origin(json!({"type": "Route", "host": "mine.example.com"}), "other");
        assert_eq!(chosen.as_deref(), Some("https://mine.example.com"));
        let ingress = origin(json!({"type": "Ingress"}), "2001:db8::1");
        assert_eq!(ingress.as_deref(), Some("http://[2001:db8::1]"));
    }
}
