//! The image pruner.

use serde::Deserialize;

use super::{Bool, Conditions, Object, lenient::parse_object};
use crate::{Context, Input, Location};

/// The image pruner.
pub const IMAGE_PRUNER: Input = Input::documents(
    "image_pruner",
    &[Location::new("config/clusteroperator/imageregistry.operator.openshift.io/imagepruner/cluster.json")
        .since(4, 6)],
    |context| context.image_pruner().is_some(),
);

impl<'a> Context<'a> {
    /// Returns the document of [`IMAGE_PRUNER`].
    pub fn image_pruner(&self) -> Option<&ImagePruner<'a>> {
        let parse = || self.files(&IMAGE_PRUNER).iter().find_map(parse_object);
        self.documents.image_pruner.get_or_init(parse).as_ref()
    }
}

/// An `ImagePruner`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ImagePruner<'a> {
    /// The desired state.
    pub spec: Object<Spec>,
    /// The observed state.
    #[serde(borrow)]
    pub status: Object<Status<'a>>,
}

/// The desired state of the pruner.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Spec {
    /// Whether it is suspended.
    pub suspend: Bool,
}

/// The observed state of the pruner.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Status<'a> {
    /// `Available`, `Failed` and others.
    #[serde(borrow)]
    pub conditions: Conditions<'a>,
}
