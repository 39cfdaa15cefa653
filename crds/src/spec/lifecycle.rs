//! The life cycle of the object.

use kube::core::Rule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema::rule::forbidden;

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

/// Rules about the mode and other fields, for `spec`.
pub(super) fn rules_of_spec() -> Vec<Rule> {
    vec![
        forbidden(
            "self.suspend == oldSelf.suspend || self.mode != 'Paused'",
            "set mode to Apply first: while it is Paused, nothing is suspended or resumed",
        )
        .field_path(".suspend"),
    ]
}
