//! The cluster's version and how updates fare.

use serde::Deserialize;

use super::{Bool, Conditions, List, MinorVersion, Object, Text, lenient::parse_object};
use crate::{Context, Input, Location};

/// The cluster's version. The file of old archives has no extension.
pub const CLUSTER_VERSION: Input = Input::documents(
    "cluster_version",
    &[Location::new("config/version.json"), Location::new("config/version")],
    |context| context.cluster_version().is_some(),
);

impl<'a> Context<'a> {
    /// Returns the document of [`CLUSTER_VERSION`].
    pub fn cluster_version(&self) -> Option<&ClusterVersion<'a>> {
        // Should both files be there, the newer name counts, which sorts last.
        let parse = || self.files(&CLUSTER_VERSION).iter().rev().find_map(parse_object);
        self.documents.cluster_version.get_or_init(parse).as_ref()
    }

    /// The minor release that the cluster runs.
    pub fn minor_version(&self) -> Option<MinorVersion> {
        MinorVersion::parse(self.cluster_version()?.current()?)
    }
}

/// A `ClusterVersion`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ClusterVersion<'a> {
    /// The desired state.
    #[serde(borrow)]
    pub spec: Object<Spec<'a>>,
    /// The observed state.
    pub status: Object<Status<'a>>,
}

impl ClusterVersion<'_> {
    /// The version that the cluster has completely, else the one that it is becoming.
    pub fn current(&self) -> Option<&str> {
        let completed = self.status.history.iter().find(|update| &*update.state == "Completed");
        let version = completed.map_or(&self.status.desired.version, |update| &update.version);
        Some(&**version).filter(|version| !version.is_empty())
    }

    /// Returns whether this is OKD, the community distribution, whose versions are such as
    /// `4.15.0-0.okd-2024-03-10-010116` and `4.19.0-okd-scos.9`.
    pub fn is_okd(&self) -> bool {
        self.current().is_some_and(|version| version.contains("okd"))
            || self.status.desired.image.contains("/okd")
    }

    /// Whether an update is going on.
    pub fn is_updating(&self) -> bool {
        self.status.conditions.find_true("Progressing").is_some()
    }
}

/// The desired state of updates.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Spec<'a> {
    /// The update channel, such as `stable-4.18`.
    #[serde(borrow)]
    pub channel: Text<'a>,
    /// The address of the update service; empty for the public one.
    pub upstream: Text<'a>,
    /// Objects that are treated specially.
    pub overrides: List<Override<'a>>,
}

/// An object of the release that is treated specially.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Override<'a> {
    /// The object's kind.
    #[serde(borrow)]
    pub kind: Text<'a>,
    /// The API group of its kind.
    pub group: Text<'a>,
    /// Its namespace.
    pub namespace: Text<'a>,
    /// Its name.
    pub name: Text<'a>,
    /// Whether it is left alone.
    pub unmanaged: Bool,
}

/// The state of the cluster's version.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Status<'a> {
    /// The desired version.
    #[serde(borrow)]
    pub desired: Object<Release<'a>>,
    /// Updates, newest first.
    pub history: List<Update<'a>>,
    /// `Failing`, `Progressing` and others.
    pub conditions: Conditions<'a>,
}

/// A release of OpenShift.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Release<'a> {
    /// Its version.
    #[serde(borrow)]
    pub version: Text<'a>,
    /// The image that it is delivered in.
    pub image: Text<'a>,
}

/// An update of the cluster.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Update<'a> {
    /// `Completed` or `Partial`.
    #[serde(borrow)]
    pub state: Text<'a>,
    /// The version that it leads to.
    pub version: Text<'a>,
    /// When it began.
    pub started_time: Text<'a>,
    /// When it was complete; empty before.
    pub completion_time: Text<'a>,
}
