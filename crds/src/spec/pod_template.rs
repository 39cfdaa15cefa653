//! `podTemplate` of every component

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Affinity, EnvVar, Toleration, TopologySpreadConstraint};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    LocalRef,
    schema::{
        brief,
        field::{label_map, object_name, pod_labels, text_map},
    },
};

/// Further settings of the pods of a component. They are merged into those of the operator and
/// override them, except for the labels by which pods are selected.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct PodTemplate {
    /// Labels of the pods.
    ///
    /// Example: `{team: insights}`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(transform = pod_labels)]
    pub labels: BTreeMap<String, String>,
    /// Annotations of the pods.
    ///
    /// Example: `{"sidecar.istio.io/inject": "false"}`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(transform = text_map)]
    pub annotations: BTreeMap<String, String>,
    /// Labels that a node must have.
    ///
    /// Example: `{"node-role.kubernetes.io/infra": ""}`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(transform = label_map)]
    pub node_selector: BTreeMap<String, String>,
    /// Node and pod affinity.
    ///
    /// Example: `{podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname}]}}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(transform = brief)]
    pub affinity: Option<Affinity>,
    /// Tolerations of taints.
    ///
    /// Example: `[{key: node-role.kubernetes.io/infra, operator: Exists}]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), transform = brief)]
    pub tolerations: Vec<Toleration>,
    /// Topology spread constraints. Absent means over nodes and zones, if possible.
    ///
    /// Example: `[{maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule}]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 8),
        transform = brief,
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["topologyKey", "whenUnsatisfiable"])
    )]
    pub topology_spread_constraints: Vec<TopologySpreadConstraint>,
    /// The priority class of the pods.
    ///
    /// Example: `system-cluster-critical`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(transform = object_name)]
    pub priority_class_name: Option<String>,
    /// Further environment variables of the main container. A setting under its own name, such as
    /// `CCX__LOGGING__LEVEL`, overrides the configuration of the operator.
    ///
    /// Example: `[{name: HTTPS_PROXY, value: "http://proxy:3128"}]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 64),
        transform = brief,
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"])
    )]
    pub extra_env: Vec<EnvVar>,
    /// When images are pulled.
    pub image_pull_policy: ImagePullPolicy,
    /// Pull secrets of registries, in addition to `spec.imagePullSecrets`.
    ///
    /// Example: `[{name: registry-login}]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub image_pull_secrets: Vec<LocalRef>,
}

/// When images are pulled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ImagePullPolicy {
    /// At every start of a pod.
    Always,
    /// If the image is not present on the node.
    #[default]
    IfNotPresent,
    /// Never: the image must be present on the node.
    Never,
}

impl ImagePullPolicy {
    /// The word that Kubernetes uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Always => "Always",
            Self::IfNotPresent => "IfNotPresent",
            Self::Never => "Never",
        }
    }
}
