//! The life cycle of the object.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether changes are made, or only planned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Mode {
    /// Changes are made.
    #[default]
    Apply,
    /// Nothing is written but `status.plan`: what would change, and which pods would restart and why.
    Plan,
}

/// Whether the operator touches anything but the status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Reconciliation {
    /// It creates, corrects and deletes.
    #[default]
    Active,
    /// It only reports, so that a person can work on the parts by hand.
    Paused,
}

/// Treatment of the managed database when the object is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DeletionPolicy {
    /// Database, volume and password stay; a new object of the same name takes them over.
    #[default]
    Retain,
    /// All is deleted, the results too.
    Delete,
}
