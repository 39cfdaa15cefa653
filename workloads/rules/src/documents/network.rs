//! The network between the pods.

use serde::Deserialize;

use super::{Int, Object, Text, lenient::parse_object};
use crate::{Context, Input, Location};

/// The configuration of the network.
pub const NETWORK: Input = Input::documents("network", &[Location::new("config/network.json")], |context| {
    context.network().is_some()
});

/// The number of workloads that use features of OpenShift SDN.
pub const SDN_ANNOTATIONS: Input = Input::documents(
    "sdn_annotations",
    &[Location::new("aggregated/pods_and_netnamespaces_with_sdn_annotations.json").since(4, 17)],
    |context| context.sdn_annotations().is_some(),
);

impl<'a> Context<'a> {
    /// Returns the document of [`NETWORK`].
    pub fn network(&self) -> Option<&Network<'a>> {
        let parse = || self.files(&NETWORK).iter().find_map(parse_object);
        self.documents.network.get_or_init(parse).as_ref()
    }

    /// Returns the document of [`SDN_ANNOTATIONS`].
    pub fn sdn_annotations(&self) -> Option<&SdnAnnotations> {
        let parse = || self.files(&SDN_ANNOTATIONS).iter().find_map(parse_object);
        self.documents.sdn_annotations.get_or_init(parse).as_ref()
    }
}

/// A `Network`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Network<'a> {
    /// The desired state.
    #[serde(borrow)]
    pub spec: Object<Plugin<'a>>,
    /// The observed state.
    pub status: Object<Plugin<'a>>,
}

impl Network<'_> {
    /// Returns the network plugin in use, else the desired one, such as `OVNKubernetes`.
    pub fn plugin(&self) -> &str {
        let in_use = &*self.status.network_type;
        if in_use.is_empty() { &self.spec.network_type } else { in_use }
    }
}

/// A network plugin.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Plugin<'a> {
    /// Its name.
    #[serde(borrow)]
    pub network_type: Text<'a>,
}

/// Counts of annotations that only OpenShift SDN understands.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SdnAnnotations {
    /// Pods with an interface of their own (macvlan).
    #[serde(rename = "pods_with_assign-macvlan_annotation")]
    pub macvlan_pods: Int,
    /// Namespaces with multicast.
    #[serde(rename = "netnamespaces_with_multicast-enabled_annotation")]
    pub multicast_netnamespaces: Int,
}
