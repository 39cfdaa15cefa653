//! Groups of nodes that share a configuration.

use serde::Deserialize;

use super::{Bool, Conditions, Int, Metadata, Node, Object, Text, lenient::parse_objects};
use crate::{Context, Input, Location};

/// The pools of machines that share a configuration.
pub const MACHINE_CONFIG_POOLS: Input = Input::documents(
    "machine_config_pools",
    &[Location::new("config/machineconfigpools/*.json").since(4, 5)],
    |context| !context.machine_config_pools().is_empty(),
);

impl<'a> Context<'a> {
    /// Returns the documents of [`MACHINE_CONFIG_POOLS`].
    pub fn machine_config_pools(&self) -> &[MachineConfigPool<'a>] {
        self.documents.machine_config_pools.get_or_init(|| parse_objects(self.files(&MACHINE_CONFIG_POOLS)))
    }

    /// Returns the pool from which a node has its configuration.
    pub fn pool_of(&self, node: &Node<'_>) -> Option<&MachineConfigPool<'a>> {
        let name = node.pool_name()?;
        self.machine_config_pools().iter().find(|pool| &*pool.metadata.name == name)
    }
}

/// A `MachineConfigPool`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MachineConfigPool<'a> {
    /// Its name.
    #[serde(borrow)]
    pub metadata: Object<Metadata<'a>>,
    /// The desired state.
    pub spec: Object<Spec<'a>>,
    /// The observed state.
    pub status: Object<Status<'a>>,
}

impl MachineConfigPool<'_> {
    /// Returns whether machines of the pool are being updated, one after the other.
    pub fn is_rolling_out(&self) -> bool {
        self.spec.paused.0 != Some(true) && self.status.conditions.find_true("Updating").is_some()
    }

    /// Returns whether a new configuration waits until the pool is no longer paused.
    pub fn is_paused_with_pending_configuration(&self) -> bool {
        let (desired, applied) = (&self.spec.configuration.name, &self.status.configuration.name);
        let is_pending = !desired.is_empty() && !applied.is_empty() && desired != applied;
        self.spec.paused.0 == Some(true) && is_pending
    }
}

/// The desired state of a pool.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Spec<'a> {
    /// Whether new configurations wait.
    pub paused: Bool,
    /// The desired configuration of the machines.
    #[serde(borrow)]
    pub configuration: Object<Configuration<'a>>,
}

/// A rendered configuration.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Configuration<'a> {
    /// The name of the rendered configuration.
    #[serde(borrow)]
    pub name: Text<'a>,
}

/// The state of a pool.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Status<'a> {
    /// The number of machines in the pool.
    pub machine_count: Int,
    /// The number of machines that have the desired configuration.
    pub updated_machine_count: Int,
    /// The number of machines that failed to apply the configuration.
    pub degraded_machine_count: Int,
    /// `Degraded`, `Updating` and others.
    #[serde(borrow)]
    pub conditions: Conditions<'a>,
    /// The configuration that all machines have.
    pub configuration: Object<Configuration<'a>>,
}
