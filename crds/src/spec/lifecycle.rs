//! The life cycle of the object.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Treatment of changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Mode {
    /// Changes are applied.
    #[default]
    Apply,
    /// Nothing is written but `status.plan`: what would change, and which pods would restart and why.
    Plan,
    /// Nothing is written but the status, so that objects can be changed manually.
    Paused,
}

/// Treatment of the managed database when the object is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DeletionPolicy {
    /// Database, volume and password are retained; a new object of the same name adopts them.
    #[default]
    Retain,
    /// Everything is deleted, including the results.
    Delete,
}
