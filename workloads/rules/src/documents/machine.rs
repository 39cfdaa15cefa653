//! Machines, the sets that make them and the checks that replace them.

use serde::Deserialize;

use super::{
    Int, Lifetime, Map, Metadata, Object, Text,
    lenient::{parse_named_objects, parse_objects},
};
use crate::{Context, Input, Location};

/// The machines that the machine API knows. Archives have a directory for each namespace, although older
/// descriptions of them do not.
pub const MACHINES: Input = Input::documents(
    "machines",
    &[
        Location::new("config/machines/*/*.json").since(4, 11),
        Location::new("config/machines/*.json").since(4, 11),
    ],
    |context| !context.machines().is_empty(),
);

/// The sets of equal machines.
pub const MACHINE_SETS: Input = Input::documents(
    "machine_sets",
    &[
        Location::new("machinesets/*/*.json").since(4, 4),
        Location::new("config/machinesets/*/*.json").since(4, 4),
    ],
    |context| !context.machine_sets().is_empty(),
);

/// The machine health checks, which replace unhealthy machines.
pub const MACHINE_HEALTH_CHECKS: Input = Input::documents(
    "machine_health_checks",
    &[Location::new("config/machinehealthchecks/*/*.json").since(4, 8)],
    |context| !context.machine_health_checks().is_empty(),
);

impl<'a> Context<'a> {
    /// Returns the documents of [`MACHINES`].
    pub fn machines(&self) -> &[Machine<'a>] {
        let parse = || {
            parse_named_objects(self.files(&MACHINES), |machine: &Machine<'_>| {
                (&machine.metadata.namespace, &machine.metadata.name)
            })
        };
        self.documents.machines.get_or_init(parse)
    }

    /// Returns the documents of [`MACHINE_SETS`].
    pub fn machine_sets(&self) -> &[MachineSet<'a>] {
        let parse = || {
            parse_named_objects(self.files(&MACHINE_SETS), |set: &MachineSet<'_>| {
                (&set.metadata.namespace, &set.metadata.name)
            })
        };
        self.documents.machine_sets.get_or_init(parse)
    }

    /// Returns the documents of [`MACHINE_HEALTH_CHECKS`].
    pub fn machine_health_checks(&self) -> &[MachineHealthCheck<'a>] {
        self.documents.machine_health_checks.get_or_init(|| parse_objects(self.files(&MACHINE_HEALTH_CHECKS)))
    }
}

/// A `Machine` of the machine API.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Machine<'a> {
    /// Its name, and when it was created and deleted.
    #[serde(borrow)]
    pub metadata: Object<Lifetime<'a>>,
    /// The observed state.
    pub status: Object<MachineStatus<'a>>,
}

impl Machine<'_> {
    /// Returns since when the machine has not changed, else when it was created; empty when the document has
    /// neither.
    pub fn unchanged_since(&self) -> &str {
        let updated = &*self.status.last_updated;
        if updated.is_empty() { &self.metadata.creation_timestamp } else { updated }
    }

    /// Returns whether the machine is being deleted.
    pub fn is_being_deleted(&self) -> bool {
        !self.metadata.deletion_timestamp.is_empty() || &*self.status.phase == "Deleting"
    }
}

/// The state of a machine.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct MachineStatus<'a> {
    /// `Provisioning`, `Provisioned`, `Running`, `Deleting` or `Failed`.
    #[serde(borrow)]
    pub phase: Text<'a>,
    /// The reason why it can't be created, as one word.
    pub error_reason: Text<'a>,
    /// The reason why it can't be created, as a sentence.
    pub error_message: Text<'a>,
    /// When the status changed.
    pub last_updated: Text<'a>,
}

/// A `MachineSet`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MachineSet<'a> {
    /// Its name and namespace.
    #[serde(borrow)]
    pub metadata: Object<Metadata<'a>>,
    /// The desired state.
    pub spec: Object<MachineSetSpec<'a>>,
}

impl MachineSet<'_> {
    /// The desired number of machines.
    pub fn replicas(&self) -> i64 {
        self.spec.replicas.0.unwrap_or_default()
    }

    /// The role of its machines, such as `worker`.
    pub fn role(&self) -> &str {
        self.spec
            .template
            .metadata
            .labels
            .get("machine.openshift.io/cluster-api-machine-role")
            .unwrap_or_default()
    }
}

/// The desired state of a machine set.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MachineSetSpec<'a> {
    /// The number of machines.
    pub replicas: Int,
    /// The template of its machines.
    #[serde(borrow)]
    pub template: Object<MachineTemplate<'a>>,
}

/// The template of the machines of a set.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MachineTemplate<'a> {
    /// Their labels.
    #[serde(borrow)]
    pub metadata: Object<MachineLabels<'a>>,
}

/// The labels of the machines of a set.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MachineLabels<'a> {
    /// The labels.
    #[serde(borrow)]
    pub labels: Map<'a>,
}

/// A `MachineHealthCheck`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MachineHealthCheck<'a> {
    /// Its name.
    #[serde(borrow)]
    pub metadata: Object<Metadata<'a>>,
}
