//! The exposure of the API.

use ccx_operator::model::{kind::Kind, resources::Stage};
use serde_json::{Value, json};

use crate::sample::{children, object};

const NAME: &str = "ccx-insights-results-aggregator";

fn exposed(exposure: &Value, kind: Kind) -> Value {
    object(&children(&json!({"aggregator": {"exposure": exposure}})), kind, NAME)
}

#[test]
fn unexposed_api_has_a_cluster_ip_service_only() {
    let children = children(&json!({}));
    let service = object(&children, Kind::Service, NAME)["spec"].clone();
    assert_eq!(service["type"], "ClusterIP");
    let port = json!({"name": "http", "port": 10000, "protocol": "TCP", "targetPort": "http"});
    assert_eq!(service["ports"], json!([port]));
    assert_eq!(children.stage(Stage::Exposure).count(), 0);
}

#[test]
fn route_uses_tls_unless_disabled() {
    let route = exposed(&json!({"type": "Route"}), Kind::Route);
    let expected = json!({
        "to": {"kind": "Service", "name": NAME, "weight": 100},
        "port": {"targetPort": "http"},
        "path": "/api/v1",
        "tls": {"termination": "edge", "insecureEdgeTerminationPolicy": "Redirect"},
    });
    assert_eq!(route["spec"], expected);
    let exposure = json!({"type": "Route", "host": "a.example.com", "route": {"termination": "None", "annotations": {"a": "b"}}});
    let plain = exposed(&exposure, Kind::Route);
    assert_eq!((&plain["spec"]["host"], &plain["spec"]["tls"]), (&json!("a.example.com"), &Value::Null));
    assert_eq!(plain["metadata"]["annotations"], json!({"a": "b"}));
}

#[test]
fn ingress_routes_the_prefix_of_the_api() {
    let exposure = json!({
        "type": "Ingress", "host": "a.example.com", "ingress": {"className": "nginx", "tlsSecretName": "tls"},
    });
    let ingress = exposed(&exposure, Kind::Ingress);
    let backend = json!({"service": {"name": NAME, "port": {"name": "http"}}});
    let expected = json!({
        "ingressClassName": "nginx",
        "rules": [{
            "host": "a.example.com",
            "http": {"paths": [{"path": "/api/v1/", "pathType": "Prefix", "backend": backend}]},
        }],
        "tls": [{"hosts": ["a.example.com"], "secretName": "tls"}],
    });
    assert_eq!(ingress["spec"], expected);
}

#[test]
fn http_route_is_attached_to_the_users_gateways() {
    let gateways = json!([{"name": "public", "namespace": "gateways"}]);
    let exposure = json!({"type": "Gateway", "host": "a.example.com", "gateway": {"parentRefs": gateways}});
    let route = exposed(&exposure, Kind::HttpRoute);
    let expected = json!({
        "parentRefs": gateways,
        "hostnames": ["a.example.com"],
        "rules": [{
            "matches": [{"path": {"type": "PathPrefix", "value": "/api/v1/"}}],
            "backendRefs": [{"name": NAME, "port": 10000}],
        }],
    });
    assert_eq!(route["spec"], expected);
    assert_eq!(route["apiVersion"], "gateway.networking.k8s.io/v1");
}
