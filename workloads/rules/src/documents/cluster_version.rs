//! The cluster's version and how updates fare.

use serde::Deserialize;

use super::{Conditions, List, Object, Text, lenient::parse_object};
use crate::{Context, Input};

/// The cluster's version. The file of old archives has no extension.
pub const CLUSTER_VERSION: Input =
    Input::documents("cluster_version", &["config/version.json", "config/version"], |context| {
        context.cluster_version().is_some()
    });

impl<'a> Context<'a> {
    /// The document of [`CLUSTER_VERSION`].
    pub fn cluster_version(&self) -> Option<&ClusterVersion<'a>> {
        // Should both files be there, the newer name counts, which sorts last.
        let parse = || self.files(&CLUSTER_VERSION).iter().rev().find_map(parse_object);
        self.documents.cluster_version.get_or_init(parse).as_ref()
    }
}

/// A `ClusterVersion`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ClusterVersion<'a> {
    /// What is.
    #[serde(borrow)]
    pub status: Object<Status<'a>>,
}

impl ClusterVersion<'_> {
    /// The version that the cluster has completely, else the one that it is becoming.
    pub fn current(&self) -> Option<&str> {
        let completed = self.status.history.iter().find(|update| &*update.state == "Completed");
        let version = completed.map_or(&self.status.desired.version, |update| &update.version);
        Some(&**version).filter(|version| !version.is_empty())
    }
}

/// The state of the cluster's version.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Status<'a> {
    /// The version that the cluster shall have.
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
}

/// An update of the cluster.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Update<'a> {
    /// `Completed` or `Partial`.
    #[serde(borrow)]
    pub state: Text<'a>,
    /// The version that it leads to.
    pub version: Text<'a>,
}
