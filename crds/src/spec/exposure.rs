//! `spec.aggregator.exposure`

use std::collections::BTreeMap;

use k8s_openapi::api::networking::v1::NetworkPolicyPeer;
use kube::core::Rule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema::{
    brief,
    field::{dns_label, host_name, object_name, text_map},
    rule::{needed_when, only_when},
};

/// Exposure of the API outside the cluster: a union of `route`, `ingress` and `gateway`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = Exposure::rules()))]
pub struct Exposure {
    /// The kind of exposure.
    #[serde(rename = "type")]
    pub kind: ExposureType,
    /// The host name. Without one, the cluster generates that of a `Route`.
    ///
    /// Example: `insights.apps.example.com`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(transform = host_name)]
    pub host: Option<String>,
    /// Whether a gateway verifies the identity in requests.
    pub identity: IdentitySource,
    /// The clients that may call the API. Absent means any: routers and gateways may run anywhere.
    ///
    /// Example: `[{namespaceSelector: {matchLabels: {"network.openshift.io/policy-group": ingress}}}]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), transform = brief, extend("x-kubernetes-list-type" = "atomic"))]
    pub allow_from: Vec<NetworkPolicyPeer>,
    /// Details of the route, with type `Route`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<Route>,
    /// Details of the ingress, with type `Ingress`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ingress: Option<Ingress>,
    /// The gateways, with type `Gateway`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<Gateway>,
}

impl Exposure {
    fn rules() -> Vec<Rule> {
        vec![
            needed_when(
                "host",
                "self.type in ['Ingress', 'Gateway']",
                "set host: an Ingress or HTTPRoute without one would take the traffic of others",
            ),
            only_when(
                "host",
                "self.type != 'ClusterIP'",
                "set type to Route, Ingress or Gateway, or remove host",
            ),
            needed_when(
                "gateway",
                "self.type == 'Gateway'",
                "set gateway.parentRefs: type Gateway needs a gateway",
            ),
            only_when("gateway", "self.type == 'Gateway'", "set type to Gateway, or remove gateway"),
            only_when("ingress", "self.type == 'Ingress'", "set type to Ingress, or remove ingress"),
            only_when("route", "self.type == 'Route'", "set type to Route, or remove route"),
        ]
    }
}

/// Whether a gateway verifies the identity in requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum IdentitySource {
    /// Nothing is stated: a client may send a forged `x-rh-identity` and read the data of any organisation. The
    /// conditions `ApiExposed` and `PublicApiExposed` warn of it.
    #[default]
    Unverified,
    /// A gateway before the API authenticates clients, and sets or removes `x-rh-identity` in every request.
    Gateway,
}

/// The kind of exposure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ExposureType {
    /// Its Service, from inside the cluster only.
    #[default]
    #[serde(rename = "ClusterIP")]
    ClusterIp,
    /// An OpenShift Route.
    Route,
    /// An Ingress.
    Ingress,
    /// An HTTPRoute of the Gateway API.
    Gateway,
}

/// Details of an OpenShift Route.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Route {
    /// Whether the router encrypts.
    pub termination: RouteTermination,
    /// Annotations of the Route.
    ///
    /// Example: `{"haproxy.router.openshift.io/timeout": "30s"}`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(transform = text_map)]
    pub annotations: BTreeMap<String, String>,
}

/// Whether the router encrypts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RouteTermination {
    /// The router terminates TLS, and redirects HTTP to HTTPS.
    #[default]
    Edge,
    /// Plain HTTP.
    None,
}

/// Details of an Ingress.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Ingress {
    /// The ingress class; absent means the cluster's default.
    ///
    /// Example: `nginx`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(transform = object_name)]
    pub class_name: Option<String>,
    /// The Secret with the host's certificate; absent means plain HTTP.
    ///
    /// Example: `insights-tls`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(transform = object_name)]
    pub tls_secret_name: Option<String>,
    /// Annotations of the Ingress.
    ///
    /// Example: `{"cert-manager.io/cluster-issuer": "letsencrypt"}`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(transform = text_map)]
    pub annotations: BTreeMap<String, String>,
}

/// The gateways of an HTTPRoute.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Gateway {
    /// The gateways that serve the API.
    ///
    /// Example: `[{name: public, namespace: gateways}]`.
    #[schemars(length(min = 1, max = 8), extend("x-kubernetes-list-type" = "atomic"))]
    pub parent_refs: Vec<ParentRef>,
}

/// A gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ParentRef {
    /// The name of the Gateway.
    ///
    /// Example: `public`.
    #[schemars(transform = object_name)]
    pub name: String,
    /// Its namespace; absent means that of the CcxPipeline.
    ///
    /// Example: `gateways`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(transform = dns_label)]
    pub namespace: Option<String>,
    /// The listener in the Gateway; absent means all that fit.
    ///
    /// Example: `https`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(transform = object_name)]
    pub section_name: Option<String>,
}
