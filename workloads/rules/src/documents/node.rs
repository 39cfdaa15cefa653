//! The machines of the cluster.

use std::fmt;

use serde::Deserialize;

use super::{Conditions, List, Map, Object, Text, lenient::parse_objects};
use crate::{Context, Input, Location};

/// The cluster's machines.
pub const NODES: Input =
    Input::documents("nodes", &[Location::new("config/node/*.json")], |context| !context.nodes().is_empty());

impl<'a> Context<'a> {
    /// Returns the documents of [`NODES`].
    pub fn nodes(&self) -> &[Node<'a>] {
        self.documents.nodes.get_or_init(|| parse_objects(self.files(&NODES)))
    }
}

/// A `Node`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Node<'a> {
    /// Its name and labels.
    #[serde(borrow)]
    pub metadata: Object<Metadata<'a>>,
    /// The desired state.
    pub spec: Object<Spec<'a>>,
    /// The observed state.
    pub status: Object<Status<'a>>,
}

/// The role of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It runs the control plane, and possibly work besides.
    ControlPlane,
    /// It only runs work.
    Worker,
    /// It only votes in etcd, and is smaller than others.
    Arbiter,
}

impl Role {
    /// The name that recommendations use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ControlPlane => "master",
            Self::Worker => "worker",
            Self::Arbiter => "arbiter",
        }
    }
}

impl Node<'_> {
    /// Returns the role; `ControlPlane` when the node has both.
    pub fn role(&self) -> Role {
        let labels = ["node-role.kubernetes.io/master", "node-role.kubernetes.io/control-plane"];
        if labels.iter().any(|label| self.has_label(label)) {
            Role::ControlPlane
        } else if self.has_label("node-role.kubernetes.io/arbiter") {
            Role::Arbiter
        } else {
            Role::Worker
        }
    }

    /// Returns whether the node has a label, of any value.
    pub fn has_label(&self, label: &str) -> bool {
        self.metadata.labels.get(label).is_some()
    }

    /// Returns whether the node runs Windows. Windows nodes have other components and no machine config
    /// daemon.
    pub fn is_windows(&self) -> bool {
        let labels = ["kubernetes.io/os", "beta.kubernetes.io/os"].into_iter();
        let mut by_label = labels.filter_map(|label| self.metadata.labels.get(label));
        by_label.any(|system| system == "windows") || &*self.status.node_info.operating_system == "windows"
    }

    /// Returns whether the machine config daemon is applying a configuration to the node, or is about to. It
    /// has stopped to do so on a node that is degraded.
    pub fn is_being_configured(&self) -> bool {
        let annotations = &self.metadata.annotations;
        match &*annotations.config_state {
            "Working" | "Rebooting" => true,
            "Degraded" | "Unreconcilable" => false,
            _ => annotations.current_config != annotations.desired_config,
        }
    }

    /// Returns the name of the machine config pool from which the node has its configuration. Rendered
    /// configurations are called `rendered-<pool>-<hash>`.
    pub fn pool_name(&self) -> Option<&str> {
        let (pool, _) =
            self.metadata.annotations.current_config.strip_prefix("rendered-")?.rsplit_once('-')?;
        Some(pool)
    }

    /// Returns whether user pods without special tolerations may run on the node: it runs Linux, stays in the
    /// cluster, and is not reserved by a taint. A taint of a state that ends, such as that of a cordoned
    /// node, does not count.
    pub fn accepts_user_pods(&self) -> bool {
        let of_states = ["node.kubernetes.io/", "node.cloudprovider.kubernetes.io/"];
        let is_reserved = |taint: &Taint<'_>| {
            matches!(&*taint.effect, "NoSchedule" | "NoExecute")
                && !of_states.iter().any(|prefix| taint.key.starts_with(prefix))
        };
        !self.is_windows() && !self.is_being_removed() && !self.spec.taints.iter().any(is_reserved)
    }

    /// Returns whether the node is being removed from the cluster, by the cluster autoscaler or otherwise.
    pub fn is_being_removed(&self) -> bool {
        let is_deleted = !self.metadata.deletion_timestamp.is_empty();
        is_deleted || self.spec.taints.iter().any(|taint| &*taint.key == "ToBeDeletedByClusterAutoscaler")
    }
}

/// The name, labels and annotations of a node.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Metadata<'a> {
    /// The node's name.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// Its labels.
    pub labels: Map<'a>,
    /// The annotations of the machine config daemon.
    pub annotations: Object<Annotations<'a>>,
    /// When it joined the cluster.
    pub creation_timestamp: Text<'a>,
    /// When its deletion was requested; empty otherwise.
    pub deletion_timestamp: Text<'a>,
}

/// The annotations of the machine config daemon.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Annotations<'a> {
    /// The configuration that the node has.
    #[serde(borrow, rename = "machineconfiguration.openshift.io/currentConfig")]
    pub current_config: Text<'a>,
    /// The desired configuration.
    #[serde(rename = "machineconfiguration.openshift.io/desiredConfig")]
    pub desired_config: Text<'a>,
    /// `Done`, `Working`, `Degraded` or `Unreconcilable`.
    #[serde(rename = "machineconfiguration.openshift.io/state")]
    pub config_state: Text<'a>,
    /// The reason why it is degraded.
    #[serde(rename = "machineconfiguration.openshift.io/reason")]
    pub config_reason: Text<'a>,
}

/// The desired state of a node.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Spec<'a> {
    /// The taints.
    #[serde(borrow)]
    pub taints: List<Taint<'a>>,
}

/// A taint: pods that do not tolerate it do not run on the node.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Taint<'a> {
    /// The key.
    #[serde(borrow)]
    pub key: Text<'a>,
    /// A value besides, often none.
    pub value: Text<'a>,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    pub effect: Text<'a>,
}

impl fmt::Display for Taint<'_> {
    /// As `oc adm taint` takes it: `key=value:effect`, or `key:effect` without a value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let equals = if self.value.is_empty() { "" } else { "=" };
        write!(f, "{}{equals}{}:{}", &*self.key, &*self.value, &*self.effect)
    }
}

/// The state of a node.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Status<'a> {
    /// The resources of the machine.
    #[serde(borrow)]
    pub capacity: Object<Capacity<'a>>,
    /// `Ready`, `DiskPressure` and others.
    pub conditions: Conditions<'a>,
    /// The software of the machine.
    pub node_info: Object<NodeInfo<'a>>,
}

/// The software of a machine.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeInfo<'a> {
    /// The version of the kubelet, such as `v1.31.6`.
    #[serde(borrow)]
    pub kubelet_version: Text<'a>,
    /// The container runtime and its version, such as `cri-o://1.31.6`.
    pub container_runtime_version: Text<'a>,
    /// `linux` or `windows`.
    pub operating_system: Text<'a>,
}

/// The resources of a machine, as [quantities](super::parse_quantity).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Capacity<'a> {
    /// Processors.
    #[serde(borrow)]
    pub cpu: Text<'a>,
    /// Memory, in bytes.
    pub memory: Text<'a>,
    /// The most pods that may run on it.
    pub pods: Text<'a>,
}
