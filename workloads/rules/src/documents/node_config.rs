//! Settings of kubelets and container runtimes, for the nodes of a pool.

use serde::Deserialize;

use super::{Conditions, Int, Metadata, Object, lenient::parse_objects};
use crate::{Context, Input, Location};

/// The settings of kubelets.
pub const KUBELET_CONFIGS: Input = Input::documents(
    "kubelet_configs",
    &[Location::new("config/kubeletconfigs/*.json").since(4, 22)],
    |context| !context.kubelet_configs().is_empty(),
);

/// The settings of container runtimes.
pub const CONTAINER_RUNTIME_CONFIGS: Input = Input::documents(
    "container_runtime_configs",
    &[Location::new("config/containerruntimeconfigs/*.json").since(4, 6)],
    |context| !context.container_runtime_configs().is_empty(),
);

impl<'a> Context<'a> {
    /// Returns the documents of [`KUBELET_CONFIGS`].
    pub fn kubelet_configs(&self) -> &[NodeConfig<'a>] {
        self.documents.kubelet_configs.get_or_init(|| parse_objects(self.files(&KUBELET_CONFIGS)))
    }

    /// Returns the documents of [`CONTAINER_RUNTIME_CONFIGS`].
    pub fn container_runtime_configs(&self) -> &[NodeConfig<'a>] {
        self.documents
            .container_runtime_configs
            .get_or_init(|| parse_objects(self.files(&CONTAINER_RUNTIME_CONFIGS)))
    }
}

/// A `KubeletConfig` or a `ContainerRuntimeConfig`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct NodeConfig<'a> {
    /// Its name.
    #[serde(borrow)]
    pub metadata: Object<Metadata<'a>>,
    /// The settings.
    pub spec: Object<Spec>,
    /// Whether the settings are applied.
    pub status: Object<Status<'a>>,
}

/// The settings.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Spec {
    /// The settings of the kubelet.
    pub kubelet_config: Object<KubeletSettings>,
}

/// The settings of a kubelet.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct KubeletSettings {
    /// The most pods that may run on a node.
    pub max_pods: Int,
}

/// Whether settings are applied.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Status<'a> {
    /// `Success` or `Failure`, the latest last.
    #[serde(borrow)]
    pub conditions: Conditions<'a>,
}
