//! The image configuration of the cluster.

use serde::Deserialize;

use super::{Object, Texts, lenient::parse_object};
use crate::{Context, Input, Location};

/// The configuration of images.
pub const IMAGE_CONFIG: Input =
    Input::documents("image_config", &[Location::new("config/image.json").since(4, 10)], |context| {
        context.image_config().is_some()
    });

impl<'a> Context<'a> {
    /// Returns the document of [`IMAGE_CONFIG`].
    pub fn image_config(&self) -> Option<&ImageConfig<'a>> {
        let parse = || self.files(&IMAGE_CONFIG).iter().find_map(parse_object);
        self.documents.image_config.get_or_init(parse).as_ref()
    }
}

/// An `Image` of the group `config.openshift.io`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ImageConfig<'a> {
    /// The desired state.
    #[serde(borrow)]
    pub spec: Object<Spec<'a>>,
}

/// The desired state of images.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Spec<'a> {
    /// Policies for registries.
    #[serde(borrow)]
    pub registry_sources: Object<RegistrySources<'a>>,
}

/// Policies for registries, each of which is a host, a part of its repositories, or `*.` and a domain.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RegistrySources<'a> {
    /// The only registries that may be used; any, when empty.
    #[serde(borrow, rename = "allowedRegistries")]
    pub allowed: Texts<'a>,
    /// The registries that must not be used.
    #[serde(rename = "blockedRegistries")]
    pub blocked: Texts<'a>,
    /// The registries that need no valid certificate.
    #[serde(rename = "insecureRegistries")]
    pub insecure: Texts<'a>,
}
