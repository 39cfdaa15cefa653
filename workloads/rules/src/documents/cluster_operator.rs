//! Cluster operators.

use serde::Deserialize;

use super::{
    Conditions, List, Metadata, Object, Text,
    lenient::{file_stem, parse_objects_with_paths},
};
use crate::{Context, Input, Location};

/// The cluster operators.
pub const CLUSTER_OPERATORS: Input =
    Input::documents("cluster_operators", &[Location::new("config/clusteroperator/*.json")], |context| {
        !context.cluster_operators().is_empty()
    });

/// The authentication operator. Rules that need one operator also read [`CLUSTER_OPERATORS`], of which it is
/// taken.
pub const AUTHENTICATION_OPERATOR: Input = Input::documents(
    "authentication_operator",
    &[Location::new("config/clusteroperator/authentication.json")],
    |context| context.cluster_operator("authentication").is_some(),
);

/// The etcd operator.
pub const ETCD_OPERATOR: Input =
    Input::documents("etcd_operator", &[Location::new("config/clusteroperator/etcd.json")], |context| {
        context.cluster_operator("etcd").is_some()
    });

/// The operator of the Kubernetes API servers.
pub const KUBE_APISERVER_OPERATOR: Input = Input::documents(
    "kube_apiserver_operator",
    &[Location::new("config/clusteroperator/kube-apiserver.json")],
    |context| context.cluster_operator("kube-apiserver").is_some(),
);

/// The operator of the Kubernetes controller managers.
pub const KUBE_CONTROLLER_MANAGER_OPERATOR: Input = Input::documents(
    "kube_controller_manager_operator",
    &[Location::new("config/clusteroperator/kube-controller-manager.json")],
    |context| context.cluster_operator("kube-controller-manager").is_some(),
);

/// The samples operator.
pub const SAMPLES_OPERATOR: Input = Input::documents(
    "samples_operator",
    &[Location::new("config/clusteroperator/openshift-samples.json")],
    |context| context.cluster_operator("openshift-samples").is_some(),
);

/// The operator of the Kubernetes schedulers.
pub const KUBE_SCHEDULER_OPERATOR: Input = Input::documents(
    "kube_scheduler_operator",
    &[Location::new("config/clusteroperator/kube-scheduler.json")],
    |context| context.cluster_operator("kube-scheduler").is_some(),
);

impl<'a> Context<'a> {
    /// Returns the documents of [`CLUSTER_OPERATORS`].
    pub fn cluster_operators(&self) -> &[ClusterOperator<'a>] {
        let parse = || {
            parse_objects_with_paths(self.files(&CLUSTER_OPERATORS)).map(ClusterOperator::from_file).collect()
        };
        self.documents.cluster_operators.get_or_init(parse)
    }

    /// Returns the operator with this file name.
    pub fn cluster_operator(&self, name: &str) -> Option<&ClusterOperator<'a>> {
        self.cluster_operators().iter().find(|operator| operator.file_name == name)
    }
}

/// A `ClusterOperator`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ClusterOperator<'a> {
    /// Its name.
    #[serde(borrow)]
    pub metadata: Object<Metadata<'a>>,
    /// The observed state.
    pub status: Object<Status<'a>>,
    /// The name of its file, without `.json`.
    #[serde(skip)]
    pub file_name: &'a str,
}

impl<'a> ClusterOperator<'a> {
    fn from_file((path, operator): (&'a str, Self)) -> Self {
        Self { file_name: file_stem(path), ..operator }
    }
}

/// The observed state of an operator.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Status<'a> {
    /// `Available`, `Degraded` and others.
    #[serde(borrow)]
    pub conditions: Conditions<'a>,
    /// The versions of its operands.
    pub versions: List<OperandVersion<'a>>,
}

impl Status<'_> {
    /// Returns the version of the operator itself.
    pub fn version(&self) -> &str {
        self.versions
            .iter()
            .find(|operand| &*operand.name == "operator")
            .map_or("", |operand| &operand.version)
    }
}

/// The version of an operand.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct OperandVersion<'a> {
    /// The operand; `operator` is the operator itself.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// Its version.
    pub version: Text<'a>,
}
