//! Pod disruption budgets: how many pods of a workload may be unavailable at once.

use serde::Deserialize;

use super::{
    Int, IntOrText, Keys, List, Object, Text,
    lenient::{file_stem, parse_objects_with_paths},
};
use crate::{Context, Input, Location};

/// The budgets of all namespaces that have one.
pub const POD_DISRUPTION_BUDGETS: Input = Input::documents(
    "pod_disruption_budgets",
    &[Location::new("config/pdbs/*/*.json").since(4, 4)],
    |context| !context.pod_disruption_budgets().is_empty(),
);

impl<'a> Context<'a> {
    /// Returns the documents of [`POD_DISRUPTION_BUDGETS`].
    pub fn pod_disruption_budgets(&self) -> &[PodDisruptionBudget<'a>] {
        let files = self.files(&POD_DISRUPTION_BUDGETS);
        let parse = || parse_objects_with_paths(files).map(PodDisruptionBudget::from_file).collect();
        self.documents.pod_disruption_budgets.get_or_init(parse)
    }
}

/// A `PodDisruptionBudget`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PodDisruptionBudget<'a> {
    /// Its namespace, which is in the path of its file.
    #[serde(skip)]
    pub namespace: &'a str,
    /// Its name, which is that of its file.
    #[serde(skip)]
    pub name: &'a str,
    /// The objects that created it.
    #[serde(borrow)]
    pub metadata: Object<Metadata<'a>>,
    /// The desired state.
    pub spec: Object<Spec<'a>>,
    /// The observed state.
    pub status: Object<Status>,
}

impl<'a> PodDisruptionBudget<'a> {
    fn from_file((path, budget): (&'a str, Self)) -> Self {
        Self { namespace: path.split('/').nth(2).unwrap_or_default(), name: file_stem(path), ..budget }
    }
}

impl PodDisruptionBudget<'_> {
    /// Returns whether `KubeVirt` made the budget for a virtual machine, which is migrated when its node is
    /// drained.
    pub fn is_of_virtual_machine(&self) -> bool {
        let owners = self.metadata.owner_references.iter();
        let is_owned =
            owners.map(|owner| &*owner.kind).any(|kind| kind.starts_with("VirtualMachineInstance"));
        let selected = self.spec.selector.match_labels.iter();
        let selects_one = selected.map(|label| &**label).any(|label| label.starts_with("kubevirt.io/"));
        let names = ["kubevirt-disruption-budget-", "kubevirt-migration-pdb-"];
        is_owned || selects_one || names.iter().any(|prefix| self.name.starts_with(prefix))
    }

    /// Returns whether the operator of the database in OpenShift Data Foundation made the budget for the
    /// primary of the database: when its node is drained, the operator makes another instance the primary.
    pub fn is_of_storage_database(&self) -> bool {
        self.namespace == "openshift-storage" && self.name == "noobaa-db-pg-cluster-primary"
    }
}

/// An object that created a budget.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Metadata<'a> {
    /// The objects that it belongs to.
    #[serde(borrow)]
    pub owner_references: List<Owner<'a>>,
}

/// An object that others belong to.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Owner<'a> {
    /// Its kind.
    #[serde(borrow)]
    pub kind: Text<'a>,
}

/// The pods that a budget is about.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Selector<'a> {
    /// The labels that they have.
    #[serde(borrow)]
    pub match_labels: Keys<'a>,
}

/// The limit of a budget: one of these.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Spec<'a> {
    /// The most pods that may be unavailable, as a number or a percentage.
    #[serde(borrow)]
    pub max_unavailable: IntOrText<'a>,
    /// The fewest pods that must be available, as a number or a percentage.
    pub min_available: IntOrText<'a>,
    /// The pods that it is about.
    pub selector: Object<Selector<'a>>,
}

/// The observed state of a budget.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Status {
    /// The number of pods that may be evicted now.
    pub disruptions_allowed: Int,
    /// The number of expected pods.
    pub expected_pods: Int,
    /// The number of pods that must be healthy.
    pub desired_healthy: Int,
    /// The number of healthy pods.
    pub current_healthy: Int,
}
