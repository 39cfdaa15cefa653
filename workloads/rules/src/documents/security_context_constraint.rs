//! Security context constraints and their bindings.

use serde::Deserialize;

use super::{List, Text, Texts, lenient::parse_object};
use crate::{Context, Input, Location};

/// The `privileged` constraint, which allows everything.
pub const PRIVILEGED_SCC: Input = Input::documents(
    "privileged_scc",
    &[Location::new("config/securitycontextconstraint/privileged.json").since(4, 6)],
    |context| context.privileged_scc().is_some(),
);

/// The binding of the `privileged` constraint.
pub const PRIVILEGED_SCC_BINDING: Input = Input::documents(
    "privileged_scc_binding",
    &[Location::new("config/clusterrolebinding/system_openshift_scc_privileged.json").since(4, 6)],
    |context| context.privileged_scc_binding().is_some(),
);

/// The `anyuid` constraint, which allows any user id.
pub const ANYUID_SCC: Input = Input::documents(
    "anyuid_scc",
    &[Location::new("config/securitycontextconstraint/anyuid.json").since(4, 6)],
    |context| context.anyuid_scc().is_some(),
);

/// The binding of the `anyuid` constraint.
pub const ANYUID_SCC_BINDING: Input = Input::documents(
    "anyuid_scc_binding",
    &[Location::new("config/clusterrolebinding/system_openshift_scc_anyuid.json").since(4, 6)],
    |context| context.anyuid_scc_binding().is_some(),
);

impl<'a> Context<'a> {
    /// Returns the document of [`PRIVILEGED_SCC`].
    pub fn privileged_scc(&self) -> Option<&SecurityContextConstraint<'a>> {
        let parse = || self.files(&PRIVILEGED_SCC).iter().find_map(parse_object);
        self.documents.privileged_scc.get_or_init(parse).as_ref()
    }

    /// Returns the document of [`PRIVILEGED_SCC_BINDING`].
    pub fn privileged_scc_binding(&self) -> Option<&ClusterRoleBinding<'a>> {
        let parse = || self.files(&PRIVILEGED_SCC_BINDING).iter().find_map(parse_object);
        self.documents.privileged_scc_binding.get_or_init(parse).as_ref()
    }

    /// Returns the document of [`ANYUID_SCC`].
    pub fn anyuid_scc(&self) -> Option<&SecurityContextConstraint<'a>> {
        let parse = || self.files(&ANYUID_SCC).iter().find_map(parse_object);
        self.documents.anyuid_scc.get_or_init(parse).as_ref()
    }

    /// Returns the document of [`ANYUID_SCC_BINDING`].
    pub fn anyuid_scc_binding(&self) -> Option<&ClusterRoleBinding<'a>> {
        let parse = || self.files(&ANYUID_SCC_BINDING).iter().find_map(parse_object);
        self.documents.anyuid_scc_binding.get_or_init(parse).as_ref()
    }
}

/// A `SecurityContextConstraints`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SecurityContextConstraint<'a> {
    /// The groups whose members may use it.
    #[serde(borrow)]
    pub groups: Texts<'a>,
}

/// A `ClusterRoleBinding`, in the form of OpenShift's own API.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ClusterRoleBinding<'a> {
    /// The groups that have the role.
    #[serde(borrow)]
    pub group_names: Texts<'a>,
    /// The users, groups and service accounts that have the role.
    pub subjects: List<Subject<'a>>,
}

impl ClusterRoleBinding<'_> {
    /// Returns the names of all groups and other subjects that have the role, with duplicates.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let groups = self.group_names.iter().map(|name| &**name);
        groups.chain(self.subjects.iter().map(|subject| &*subject.name))
    }
}

/// A user, group or service account.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Subject<'a> {
    /// Its name.
    #[serde(borrow)]
    pub name: Text<'a>,
}
