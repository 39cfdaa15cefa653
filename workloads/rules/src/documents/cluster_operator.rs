//! The operators of the platform.

use serde::Deserialize;

use super::{Conditions, List, Metadata, Object, Text, lenient::parse_objects};
use crate::{Context, Input};

/// The platform's operators.
pub const CLUSTER_OPERATORS: Input = Input::documents("cluster_operators", &["config/clusteroperator/*.json"], |context| {
    !context.cluster_operators().is_empty()
});

impl<'a> Context<'a> {
    /// The documents of [`CLUSTER_OPERATORS`].
    pub fn cluster_operators(&self) -> &[ClusterOperator<'a>] {
        self.documents.cluster_operators.get_or_init(|| parse_objects(self.files(&CLUSTER_OPERATORS)))
    }
}

/// A `ClusterOperator`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ClusterOperator<'a> {
    /// Its name.
    #[serde(borrow)]
    pub metadata: Object<Metadata<'a>>,
    /// How it is.
    pub status: Object<Status<'a>>,
}

/// The state of an operator.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Status<'a> {
    /// `Available`, `Degraded` and others.
    #[serde(borrow)]
    pub conditions: Conditions<'a>,
    /// What it runs.
    pub versions: List<OperandVersion<'a>>,
}

impl Status<'_> {
    /// The version of the operator itself.
    pub fn version(&self) -> &str {
        self.versions.iter().find(|operand| &*operand.name == "operator").map_or("", |operand| &operand.version)
    }
}

/// The version of something that an operator runs.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct OperandVersion<'a> {
    /// What; `operator` is the operator itself.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// Its version.
    pub version: Text<'a>,
}
