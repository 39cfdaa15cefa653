//! The configuration of the cluster's own image registry.

use serde::Deserialize;

use super::{Int, Keys, Object, Text, lenient::parse_object};
use crate::{Context, Input, Location};

/// The configuration of the registry.
pub const IMAGE_REGISTRY: Input = Input::documents(
    "image_registry",
    &[Location::new("config/clusteroperator/imageregistry.operator.openshift.io/config/cluster.json")
        .since(4, 7)],
    |context| context.image_registry().is_some(),
);

impl<'a> Context<'a> {
    /// Returns the document of [`IMAGE_REGISTRY`].
    pub fn image_registry(&self) -> Option<&ImageRegistry<'a>> {
        let parse = || self.files(&IMAGE_REGISTRY).iter().find_map(parse_object);
        self.documents.image_registry.get_or_init(parse).as_ref()
    }
}

/// The `Config` of the registry's operator.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ImageRegistry<'a> {
    /// The desired state of the registry.
    #[serde(borrow)]
    pub spec: Object<Spec<'a>>,
}

/// The desired state of the registry.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Spec<'a> {
    /// `Managed`, `Unmanaged` or `Removed`.
    #[serde(borrow)]
    pub management_state: Text<'a>,
    /// The number of pods.
    pub replicas: Int,
    /// The storage of images: a field for each kind, and the management state.
    pub storage: Option<Keys<'a>>,
}

impl Spec<'_> {
    /// The places where images are kept, such as `s3` or `pvc`; there should be one.
    pub fn storage_backends(&self) -> impl Iterator<Item = &str> {
        self.storage
            .iter()
            .flat_map(|fields| fields.iter())
            .map(|field| &**field)
            .filter(|&field| field != "managementState")
    }
}
