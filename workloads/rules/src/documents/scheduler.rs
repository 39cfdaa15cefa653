//! The configuration of the scheduler.

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
    /// Returns the document of [`SCHEDULER`].
    pub fn scheduler(&self) -> Option<&Scheduler> {
        let parse = || self.files(&SCHEDULER).iter().find_map(parse_object);
        self.documents.scheduler.get_or_init(parse).as_ref()
    }
}

/// A `Scheduler`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Scheduler {
    /// The desired state.
    pub spec: Object<Spec>,
}

/// The configuration of the scheduler.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Spec {
    /// Whether pods of users may run on control plane nodes.
    pub masters_schedulable: Bool,
}
