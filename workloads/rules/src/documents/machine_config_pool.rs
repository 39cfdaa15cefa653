//! Groups of nodes that share a configuration.

use serde::Deserialize;

use super::{Conditions, Int, Metadata, Object, lenient::parse_objects};
use crate::{Context, Input};

/// The pools of machines that share a configuration.
pub const MACHINE_CONFIG_POOLS: Input =
    Input::documents("machine_config_pools", &["config/machineconfigpools/*.json"], |context| {
        !context.machine_config_pools().is_empty()
    });

impl<'a> Context<'a> {
    /// The documents of [`MACHINE_CONFIG_POOLS`].
    pub fn machine_config_pools(&self) -> &[MachineConfigPool<'a>] {
        self.documents.machine_config_pools.get_or_init(|| parse_objects(self.files(&MACHINE_CONFIG_POOLS)))
    }
}

/// A `MachineConfigPool`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MachineConfigPool<'a> {
    /// Its name.
    #[serde(borrow)]
    pub metadata: Object<Metadata<'a>>,
    /// How it is.
    pub status: Object<Status<'a>>,
}

/// The state of a pool.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Status<'a> {
    /// How many machines are in the pool.
    pub machine_count: Int,
    /// How many of them could not take the configuration.
    pub degraded_machine_count: Int,
    /// `Degraded`, `Updating` and others.
    #[serde(borrow)]
    pub conditions: Conditions<'a>,
}
