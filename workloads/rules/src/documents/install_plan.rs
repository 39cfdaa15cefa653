//! Install plans of OLM.

use serde::Deserialize;

use super::{Int, List, Text, lenient::parse_object};
use crate::{Context, Input, Location};

/// The number of install plans by namespace and name. The operator's documentation has the file name with one
/// `l`.
pub const INSTALL_PLANS: Input = Input::documents(
    "install_plans",
    &[
        Location::new("config/installplans.json").since(4, 5),
        Location::new("config/instalplans.json").since(4, 5),
    ],
    |context| context.install_plans().is_some(),
);

impl<'a> Context<'a> {
    /// Returns the document of [`INSTALL_PLANS`].
    pub fn install_plans(&self) -> Option<&InstallPlans<'a>> {
        let parse = || self.files(&INSTALL_PLANS).iter().find_map(parse_object);
        self.documents.install_plans.get_or_init(parse).as_ref()
    }
}

/// The plans of all namespaces, counted.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct InstallPlans<'a> {
    /// Plans that are alike.
    #[serde(borrow)]
    pub items: List<InstallPlanCount<'a>>,
}

/// The number of install plans with the same name prefix.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct InstallPlanCount<'a> {
    /// Their namespace.
    #[serde(borrow, rename = "ns")]
    pub namespace: Text<'a>,
    /// The prefix of their names.
    pub name: Text<'a>,
    /// The version of an operator that they install.
    pub csv: Text<'a>,
    /// The number of plans.
    pub count: Int,
}
