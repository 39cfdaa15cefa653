//! What removes images that nobody uses.

use serde::Deserialize;

use super::{Bool, Conditions, Object, lenient::parse_object};
use crate::{Context, Input, Location};

/// The pruner of images.
pub const IMAGE_PRUNER: Input = Input::documents(
    "image_pruner",
    &[Location::new("config/clusteroperator/imageregistry.operator.openshift.io/imagepruner/cluster.json")
        .since(4, 6)],
    |context| context.image_pruner().is_some(),
);

impl<'a> Context<'a> {
    /// The document of [`IMAGE_PRUNER`].
    pub fn image_pruner(&self) -> Option<&ImagePruner<'a>> {
        let parse = || self.files(&IMAGE_PRUNER).iter().find_map(parse_object);
        self.documents.image_pruner.get_or_init(parse).as_ref()
    }
}

/// An `ImagePruner`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ImagePruner<'a> {
    /// What it shall do.
    pub spec: Object<Spec>,
    /// How that went.
    #[serde(borrow)]
    pub status: Object<Status<'a>>,
}

/// What the pruner shall do.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Spec {
    /// Whether it is switched off.
    pub suspend: Bool,
}

/// How the pruner does.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Status<'a> {
    /// `Available`, `Failed` and others.
    #[serde(borrow)]
    pub conditions: Conditions<'a>,
}
