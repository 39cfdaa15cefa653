//! How many pods of a workload may be away at once.

use serde::Deserialize;

use super::{Int, IntOrText, Metadata, Object, lenient::parse_objects};
use crate::{Context, Input};

/// The budgets of all namespaces that have one.
pub const POD_DISRUPTION_BUDGETS: Input = Input::documents("pod_disruption_budgets", &["config/pdbs/*/*.json"], |context| {
    !context.pod_disruption_budgets().is_empty()
});

impl<'a> Context<'a> {
    /// The documents of [`POD_DISRUPTION_BUDGETS`].
    pub fn pod_disruption_budgets(&self) -> &[PodDisruptionBudget<'a>] {
        self.documents.pod_disruption_budgets.get_or_init(|| parse_objects(self.files(&POD_DISRUPTION_BUDGETS)))
    }
}

/// A `PodDisruptionBudget`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PodDisruptionBudget<'a> {
    /// Its name and namespace.
    #[serde(borrow)]
    pub metadata: Object<Metadata<'a>>,
    /// What it demands.
    pub spec: Object<Spec<'a>>,
    /// What it allows now.
    pub status: Object<Status>,
}

/// What a budget demands: one of these.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Spec<'a> {
    /// How many pods may be away, or which part of them.
    #[serde(borrow)]
    pub max_unavailable: IntOrText<'a>,
    /// How many pods must be there, or which part of them.
    pub min_available: IntOrText<'a>,
}

/// What a budget allows now.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Status {
    /// How many more pods may go.
    pub disruptions_allowed: Int,
    /// How many pods there should be.
    pub expected_pods: Int,
    /// How many of them must be healthy.
    pub desired_healthy: Int,
    /// How many of them are.
    pub current_healthy: Int,
}
