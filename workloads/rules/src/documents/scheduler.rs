//! Where pods may run.

use serde::Deserialize;

use super::{Bool, Object, lenient::parse_object};
use crate::{Context, Input, Location};

/// The configuration of the scheduler.
pub const SCHEDULER: Input = Input::documents(
    "scheduler",
    &[Location::new("config/schedulers/cluster.json").since(4, 10)],
    |context| context.scheduler().is_some(),
);

impl Context<'_> {
    /// The document of [`SCHEDULER`].
    pub fn scheduler(&self) -> Option<&Scheduler> {
        let parse = || self.files(&SCHEDULER).iter().find_map(parse_object);
        self.documents.scheduler.get_or_init(parse).as_ref()
    }
}

/// A `Scheduler`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Scheduler {
    /// What shall be.
    pub spec: Object<Spec>,
}

/// Where pods may run.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Spec {
    /// Whether any pod may run on the nodes of the control plane.
    pub masters_schedulable: Bool,
}
