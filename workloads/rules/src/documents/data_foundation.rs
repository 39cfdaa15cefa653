//! OpenShift Data Foundation, storage in the cluster.

use serde::Deserialize;

use super::{
    Bool, Conditions, Object, Text,
    lenient::{file_stem, parse_objects_with_paths},
};
use crate::{Context, Input, Location};

/// The Ceph clusters, of which archives only have the status.
pub const CEPH_CLUSTERS: Input = Input::documents(
    "ceph_clusters",
    &[
        Location::new("config/storage/*/cephclusters/*.json").since(4, 13),
        // Other namespaces are left out: `config/storage/storageclasses` has the same form.
        Location::new("config/storage/openshift-storage/*.json").since(4, 8).until(4, 12),
    ],
    |context| !context.ceph_clusters().is_empty(),
);

/// The storage clusters, each of which is made of a Ceph cluster and what belongs to it.
pub const STORAGE_CLUSTERS: Input = Input::documents(
    "storage_clusters",
    &[Location::new("config/storage/*/storageclusters/*.json").since(4, 12)],
    |context| !context.storage_clusters().is_empty(),
);

impl<'a> Context<'a> {
    /// Returns the documents of [`CEPH_CLUSTERS`].
    pub fn ceph_clusters(&self) -> &[StorageCluster<'a>] {
        // Archives of 4.11 have storage clusters, as whole objects, in the place of Ceph clusters.
        let is_status = |(_, document): &(&str, Document<'_>)| document.kind.is_empty();
        let documents = || parse_objects_with_paths(self.files(&CEPH_CLUSTERS)).filter(is_status);
        let parse = || documents().map(StorageCluster::from_file).collect();
        self.documents.ceph_clusters.get_or_init(parse)
    }

    /// Returns the documents of [`STORAGE_CLUSTERS`].
    pub fn storage_clusters(&self) -> &[StorageCluster<'a>] {
        let parse = || {
            parse_objects_with_paths(self.files(&STORAGE_CLUSTERS)).map(StorageCluster::from_file).collect()
        };
        self.documents.storage_clusters.get_or_init(parse)
    }
}

/// A `StorageCluster` or a `CephCluster`.
#[derive(Debug, Default)]
pub struct StorageCluster<'a> {
    /// Its namespace.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Whether its Ceph cluster runs elsewhere.
    pub is_external: bool,
    /// The observed state.
    pub status: Status<'a>,
}

impl<'a> StorageCluster<'a> {
    fn from_file((path, document): (&'a str, Document<'a>)) -> Self {
        let Document { spec, status, phase, message, ceph, conditions, .. } = document;
        let has_status_at_root = !phase.is_empty() || !ceph.health.is_empty();
        let status = if has_status_at_root {
            Status { phase, message, ceph, conditions }
        } else {
            status.into_inner()
        };
        let of_connection = ["Connecting", "Connected"];
        let is_external = spec.external_storage.enable.0 == Some(true)
            || of_connection.contains(&&*status.phase)
            || of_connection.iter().any(|r#type| status.conditions.find(r#type).is_some());
        let namespace = path.split('/').nth(2).unwrap_or_default();
        Self { namespace, name: file_stem(path), is_external, status }
    }
}

/// An object with its status, or the fields of a status alone.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Document<'a> {
    #[serde(borrow)]
    kind: Text<'a>,
    spec: Object<Spec>,
    status: Object<Status<'a>>,
    phase: Text<'a>,
    message: Text<'a>,
    ceph: Object<Ceph<'a>>,
    conditions: Conditions<'a>,
}

/// The desired state of a storage cluster.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spec {
    external_storage: Object<ExternalStorage>,
}

/// The use of a Ceph cluster that runs elsewhere.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ExternalStorage {
    enable: Bool,
}

/// The state of a cluster.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Status<'a> {
    /// `Ready`, `Progressing`, `Error` and others.
    #[serde(borrow)]
    pub phase: Text<'a>,
    /// The reason, as a sentence.
    pub message: Text<'a>,
    /// The status of Ceph.
    pub ceph: Object<Ceph<'a>>,
    /// `Degraded`, `ReconcileComplete` and others.
    pub conditions: Conditions<'a>,
}

/// The status of Ceph.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Ceph<'a> {
    /// `HEALTH_OK`, `HEALTH_WARN` or `HEALTH_ERR`.
    #[serde(borrow)]
    pub health: Text<'a>,
    /// When the health changed.
    pub last_changed: Text<'a>,
}
