//! The configurations of cluster operators.

use serde::Deserialize;

use super::{
    Keys, Metadata, Object, Text,
    lenient::{file_stem, parse_objects_with_paths},
};
use crate::{Context, Input, Location};

/// The configurations of cluster operators.
pub const OPERATOR_CONFIGS: Input = Input::documents(
    "operator_configs",
    &[
        Location::new("config/clusteroperator/operator.openshift.io/*/*.json").since(4, 6),
        Location::new("config/clusteroperator/operator.openshift.io/*/*/*.json").since(4, 6),
        Location::new("config/clusteroperator/*.operator.openshift.io/*/*.json").since(4, 6),
    ],
    |context| !context.operator_configs().is_empty(),
);

impl<'a> Context<'a> {
    /// Returns the documents of [`OPERATOR_CONFIGS`].
    pub fn operator_configs(&self) -> &[OperatorConfig<'a>] {
        let parse = || {
            parse_objects_with_paths(self.files(&OPERATOR_CONFIGS)).map(OperatorConfig::from_file).collect()
        };
        self.documents.operator_configs.get_or_init(parse)
    }
}

/// The configuration of an operator: an object of a kind in the group `operator.openshift.io` or one like it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct OperatorConfig<'a> {
    #[serde(borrow)]
    kind: Text<'a>,
    name: Text<'a>,
    metadata: Object<Metadata<'a>>,
    /// The desired state.
    pub spec: Object<Spec<'a>>,
    #[serde(skip)]
    path: &'a str,
}

impl<'a> OperatorConfig<'a> {
    fn from_file((path, config): (&'a str, Self)) -> Self {
        Self { path, ..config }
    }

    /// Returns the kind, else the name of the resource in the path.
    pub fn kind(&self) -> &str {
        if self.kind.is_empty() { self.resource() } else { &self.kind }
    }

    /// Returns the object's name. The Insights operator writes it at the top level, beside the kind.
    pub fn name(&self) -> &str {
        let names = [&*self.name, &*self.metadata.name];
        names.into_iter().find(|name| !name.is_empty()).unwrap_or_else(|| file_stem(self.path))
    }

    /// Returns the object as `oc get` takes it, such as `console.operator.openshift.io/cluster`.
    pub fn reference(&self) -> String {
        format!("{}.{}/{}", self.resource(), self.path_part(2), self.name())
    }

    fn resource(&self) -> &str {
        self.path_part(3)
    }

    /// Returns a part of `config/clusteroperator/<group>/<resource>/…`.
    fn path_part(&self, index: usize) -> &str {
        self.path.split('/').nth(index).unwrap_or_default()
    }
}

/// The desired state of an operator.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Spec<'a> {
    /// `Managed`, `Unmanaged` or `Removed`.
    #[serde(borrow)]
    pub management_state: Text<'a>,
    /// The names of settings that the product does not support.
    pub unsupported_config_overrides: Keys<'a>,
}
