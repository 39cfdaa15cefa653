//! The infrastructure of the cluster.

use serde::Deserialize;

use super::{List, Object, Text, lenient::parse_object};
use crate::{Context, Input, Location};

/// The infrastructure of the cluster.
pub const INFRASTRUCTURE: Input =
    Input::documents("infrastructure", &[Location::new("config/infrastructure.json")], |context| {
        context.infrastructure().is_some()
    });

impl<'a> Context<'a> {
    /// Returns the document of [`INFRASTRUCTURE`].
    pub fn infrastructure(&self) -> Option<&Infrastructure<'a>> {
        let parse = || self.files(&INFRASTRUCTURE).iter().find_map(parse_object);
        self.documents.infrastructure.get_or_init(parse).as_ref()
    }
}

/// An `Infrastructure`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Infrastructure<'a> {
    /// The observed state.
    #[serde(borrow)]
    pub status: Object<Status<'a>>,
}

impl Infrastructure<'_> {
    /// The platform, such as `AWS`, `Azure`, `VSphere` or `None`.
    pub fn platform(&self) -> &str {
        &self.status.platform.r#type
    }

    /// Returns the tags or labels that the cloud's resources of the cluster have, as key and value.
    pub fn resource_tags(&self) -> impl Iterator<Item = (&str, &str)> {
        let platform = &self.status.platform;
        let tags = platform.aws.resource_tags.iter().chain(platform.azure.resource_tags.iter());
        tags.chain(platform.gcp.resource_labels.iter()).map(|tag| (&*tag.key, &*tag.value))
    }

    /// Whether the control plane survives the loss of a node. Clusters from before 4.8 do not say so and
    /// always are.
    pub fn is_highly_available(&self) -> bool {
        matches!(&*self.status.control_plane_topology, "HighlyAvailable" | "")
    }
}

/// The state of the infrastructure.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Status<'a> {
    /// `HighlyAvailable`, `SingleReplica`, `External` and others.
    #[serde(borrow)]
    pub control_plane_topology: Text<'a>,
    /// `HighlyAvailable` or `SingleReplica`: how what serves the users' software is spread. Empty before 4.8.
    pub infrastructure_topology: Text<'a>,
    /// The platform.
    #[serde(rename = "platformStatus")]
    pub platform: Object<PlatformStatus<'a>>,
}

/// The platform.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PlatformStatus<'a> {
    /// Its name.
    #[serde(borrow)]
    pub r#type: Text<'a>,
    /// Details of AWS.
    pub aws: Object<Cloud<'a>>,
    /// Details of Azure.
    pub azure: Object<Cloud<'a>>,
    /// Details of Google Cloud.
    pub gcp: Object<Cloud<'a>>,
}

/// Details of a cloud.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Cloud<'a> {
    /// The tags of the cluster's resources, on AWS and Azure.
    #[serde(borrow)]
    pub resource_tags: List<ResourceTag<'a>>,
    /// The same on Google Cloud.
    pub resource_labels: List<ResourceTag<'a>>,
}

/// A tag of a cloud's resource.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ResourceTag<'a> {
    /// Its key.
    #[serde(borrow)]
    pub key: Text<'a>,
    /// Its value.
    pub value: Text<'a>,
}
