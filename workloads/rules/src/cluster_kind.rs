//! Kinds of clusters in which some rules do not apply, or apply differently.

use strum::VariantArray;

use crate::{
    Context, Input,
    documents::{
        CLUSTER_OPERATORS, CLUSTER_VERSION, ClusterVersion, INFRASTRUCTURE, MACHINE_CONFIG_POOLS,
        MachineConfigPool, NODES, Node, Role,
    },
};

/// A kind of cluster, or a state of one, about which a rule may make a declaration in its
/// [`RuleMeta`](crate::RuleMeta).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, VariantArray)]
pub enum ClusterKind {
    /// One node is control plane and worker (`SingleReplica`).
    SingleNode,
    /// Every node belongs to the control plane.
    Compact,
    /// Two control-plane nodes, with an arbiter node (`HighlyAvailableArbiter`) or with fencing
    /// (`DualReplica`).
    TwoNode,
    /// The control plane runs in another cluster (topology `External`), as HyperShift and ROSA with HCP do
    /// it.
    HostedControlPlane,
    /// A provider runs the control plane and the platform: ROSA, OpenShift Dedicated, ARO.
    ManagedService,
    /// The community distribution.
    Okd,
    /// Some workers run Windows.
    WindowsNodes,
    /// The cluster has no access to the internet. Archives do not show this, so no rule can be excluded by
    /// it.
    Disconnected,
    /// The cluster version or the nodes of a pool are being updated.
    Updating,
}

/// Whether a rule applies to a kind of cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applicability {
    /// It applies without a difference.
    Applies,
    /// It applies with the difference that the text states.
    Adapts(&'static str),
    /// The engine skips it, for the reason that the text states.
    Excluded(&'static str),
}

impl ClusterKind {
    /// Every kind.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// Returns the name that documentation and skips use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SingleNode => "single node",
            Self::Compact => "compact",
            Self::TwoNode => "two-node or arbiter",
            Self::HostedControlPlane => "hosted control plane",
            Self::ManagedService => "managed service",
            Self::Okd => "OKD",
            Self::WindowsNodes => "Windows workers",
            Self::Disconnected => "disconnected",
            Self::Updating => "during an update",
        }
    }

    /// Returns the inputs that tell whether a cluster is of this kind.
    pub(crate) fn inputs(self) -> Vec<Input> {
        match self {
            Self::SingleNode | Self::TwoNode | Self::HostedControlPlane => vec![INFRASTRUCTURE],
            Self::Compact | Self::WindowsNodes => vec![NODES],
            Self::ManagedService => vec![INFRASTRUCTURE, CLUSTER_OPERATORS],
            Self::Okd => vec![CLUSTER_VERSION],
            Self::Disconnected => Vec::new(),
            Self::Updating => vec![CLUSTER_VERSION, MACHINE_CONFIG_POOLS],
        }
    }

    /// Returns whether the archive shows that the cluster is of this kind.
    pub(crate) fn matches(self, context: &Context<'_>) -> bool {
        let topology = || context.infrastructure().map_or("", |found| &*found.status.control_plane_topology);
        match self {
            Self::SingleNode => topology() == "SingleReplica",
            Self::Compact => is_compact(context),
            Self::TwoNode => matches!(topology(), "HighlyAvailableArbiter" | "DualReplica"),
            Self::HostedControlPlane => topology() == "External",
            Self::ManagedService => is_managed(context),
            Self::Okd => context.cluster_version().is_some_and(ClusterVersion::is_okd),
            Self::WindowsNodes => context.nodes().iter().any(Node::is_windows),
            Self::Disconnected => false,
            Self::Updating => context.is_updating(),
        }
    }
}

fn is_compact(context: &Context<'_>) -> bool {
    let nodes = context.nodes();
    nodes.len() > 1 && nodes.iter().all(|node| node.role() == Role::ControlPlane)
}

/// The providers tag what they create; only ARO has the operator `aro`.
fn is_managed(context: &Context<'_>) -> bool {
    let has_provider_tag = context.infrastructure().is_some_and(|infrastructure| {
        infrastructure
            .resource_tags()
            .any(|(key, _)| matches!(key, "red-hat-managed" | "red-hat-clustertype"))
    });
    has_provider_tag || context.cluster_operator("aro").is_some()
}

impl Context<'_> {
    /// Returns whether the cluster is of a kind, as far as the archive shows.
    ///
    /// A rule that asks declares the kind with [`RuleMeta::adapts_to`](crate::RuleMeta::adapts_to), so that
    /// the files are read.
    pub fn is_kind(&self, kind: ClusterKind) -> bool {
        kind.matches(self)
    }

    /// Returns whether the version operator, or a pool of nodes that is not paused, is applying an update.
    pub fn is_updating(&self) -> bool {
        let mut pools = self.machine_config_pools().iter();
        self.cluster_version().is_some_and(ClusterVersion::is_updating)
            || pools.any(MachineConfigPool::is_rolling_out)
    }
}

#[cfg(test)]
mod tests;
