//! `spec.database.managed`

use std::collections::BTreeMap;

use kube::core::Rule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    ByteQuantity, PodTemplate, Resources,
    schema::{
        field::{image, object_name, size_from, text_map},
        rule::{only_when, rule, without_keys},
    },
};

/// A database that the operator runs: one pod with a volume. Its password is generated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = ManagedDatabase::rules()))]
pub struct ManagedDatabase {
    /// The image of PostgreSQL 15 to 18, with the entry point of the official image. Absent means that of the
    /// operator, PostgreSQL 17. Another major version can't read the data of the present one.
    ///
    /// Example: `registry.example.com/library/postgres:17-alpine`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(transform = image)]
    pub image: Option<String>,
    /// The volume of the data.
    pub storage: Storage,
    /// Requests and limits of the pod.
    pub resources: Resources,
    /// PostgreSQL settings, by their own names.
    ///
    /// Example: `{"shared_buffers": "512MB"}`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(transform = text_map)]
    pub parameters: BTreeMap<String, String>,
    /// Further settings of the pod.
    pub pod_template: PodTemplate,
}

/// Parameters that the operator sets.
const OWN_PARAMETERS: [&str; 8] = [
    "listen_addresses",
    "port",
    "data_directory",
    "hba_file",
    "ident_file",
    "config_file",
    "unix_socket_directories",
    "password_encryption",
];

impl ManagedDatabase {
    fn rules() -> Vec<Rule> {
        vec![
            without_keys("parameters", &OWN_PARAMETERS, "remove what the operator sets"),
            rule(
                "!has(self.parameters) || self.parameters.all(key, key.matches('^[A-Za-z_][A-Za-z0-9_.$]*$'))",
                "write parameters by their names, such as shared_buffers",
            )
            .field_path(".parameters"),
            rule(
                "!has(self.parameters) || self.parameters.all(key, !self.parameters[key].matches('[\\n\\r]'))",
                "write each parameter on one line",
            )
            .field_path(".parameters"),
        ]
    }
}

/// The volume of a managed database.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = Storage::rules()))]
pub struct Storage {
    /// Whether the data outlives the pod. It can't be changed.
    pub volume: StorageVolume,
    /// The volume's size. It may only grow, and grows while the database runs where the storage class allows it.
    #[schemars(transform = size_from("1Gi"))]
    pub size: ByteQuantity,
    /// The storage class; absent means the cluster's default. It can be changed only while the claim waits for a volume.
    ///
    /// Example: `gp3-csi`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(transform = object_name)]
    pub storage_class_name: Option<String>,
}

impl Storage {
    fn rules() -> Vec<Rule> {
        vec![only_when(
            "storageClassName",
            "self.volume == 'Persistent'",
            "remove storageClassName: an ephemeral volume has no class",
        )]
    }
}

/// Whether the data of a managed database outlives its pod.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum StorageVolume {
    /// A PersistentVolumeClaim.
    #[default]
    Persistent,
    /// An empty directory, for tests: a new pod begins with no data.
    Ephemeral,
}

impl Default for ManagedDatabase {
    fn default() -> Self {
        Self {
            image: None,
            storage: Storage::default(),
            resources: Resources::new("250m", "512Mi", "2Gi"),
            parameters: BTreeMap::new(),
            pod_template: PodTemplate::default(),
        }
    }
}

impl Default for Storage {
    fn default() -> Self {
        Self { volume: StorageVolume::default(), size: ByteQuantity::gibibytes(20), storage_class_name: None }
    }
}
