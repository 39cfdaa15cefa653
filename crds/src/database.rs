//! `spec.database`

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    ByteQuantity, CaSecretRef, CredentialsSecretRef, GoDuration, PodTemplate, Resources,
    schema::{object_name, text_map},
};

/// The PostgreSQL database of the results: a union of `managed` and `external`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Database {
    /// Who runs the database. It can't be changed: nothing would move the data.
    #[serde(rename = "type")]
    pub kind: DatabaseType,
    /// The database that the operator runs, with type `Managed`. Absent means its defaults.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed: Option<ManagedDatabase>,
    /// The database that exists, with type `External`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external: Option<ExternalDatabase>,
    /// How the workloads use it.
    pub connection: DatabaseConnection,
}

/// Who runs the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DatabaseType {
    /// The operator, as one pod with a volume.
    #[default]
    Managed,
    /// Somebody else: a cloud's service, another operator.
    External,
}

/// A database that the operator runs: one pod with a volume, its password generated once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ManagedDatabase {
    /// The image of PostgreSQL 13 or later.
    #[schemars(length(min = 1, max = 512))]
    pub image: String,
    /// The volume of the data.
    pub storage: Storage,
    /// What the pod may use.
    pub resources: Resources,
    /// PostgreSQL settings, by their own names.
    ///
    /// Example: `{"shared_buffers": "512MB"}`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(transform = text_map)]
    pub parameters: BTreeMap<String, String>,
    /// What else the pod is like.
    pub pod_template: PodTemplate,
}

/// The volume of a managed database.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Storage {
    /// Whether the data outlives the pod. It can't be changed.
    pub volume: StorageVolume,
    /// The volume's size. It may only grow, and grows while the database runs where the storage class allows it.
    pub size: ByteQuantity,
    /// The storage class; absent means the cluster's default. It can't be changed.
    ///
    /// Example: `gp3-csi`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(transform = object_name)]
    pub storage_class_name: Option<String>,
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

/// A database that exists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExternalDatabase {
    /// Host name or address.
    ///
    /// Example: `results-rw.databases.svc`.
    #[schemars(length(min = 1, max = 253))]
    pub host: String,
    /// TCP port.
    #[serde(default = "postgres_port")]
    #[schemars(range(min = 1, max = 65535))]
    pub port: u16,
    /// The database.
    #[serde(default = "database_name")]
    #[schemars(length(min = 1, max = 63))]
    pub name: String,
    /// The role and its password. The role owns the database: it creates and migrates the schema.
    pub credentials_secret_ref: CredentialsSecretRef,
    /// How much the connection is protected.
    #[serde(default)]
    pub tls_mode: TlsMode,
    /// The authorities that sign the server's certificate; absent means the public ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_secret_ref: Option<CaSecretRef>,
}

/// How much a connection is protected, as libpq's `sslmode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TlsMode {
    /// Not at all.
    Disable,
    /// Encrypted if the server can.
    Prefer,
    /// Encrypted.
    Require,
    /// Encrypted, to a server with a trusted certificate.
    VerifyCa,
    /// Encrypted, to a server with a trusted certificate for this host.
    #[default]
    VerifyFull,
}

/// How the workloads use the database.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct DatabaseConnection {
    /// Most connections that one pod keeps open.
    #[schemars(range(min = 1, max = 200))]
    pub max_connections_per_pod: u32,
    /// How long a request waits for a connection before it fails.
    pub connect_timeout: GoDuration,
    /// How long the server works on one statement before it gives up.
    pub statement_timeout: GoDuration,
}

/// The member of the union that counts.
#[derive(Clone, Debug, PartialEq)]
pub enum DatabaseChoice<'a> {
    /// The operator runs it.
    Managed(Box<ManagedDatabase>),
    /// It exists.
    External(&'a ExternalDatabase),
}

impl Database {
    /// The member of the union that counts; none for an external database that isn't described, which the schema forbids.
    pub fn choice(&self) -> Option<DatabaseChoice<'_>> {
        match self.kind {
            DatabaseType::Managed => Some(DatabaseChoice::Managed(Box::new(self.managed.clone().unwrap_or_default()))),
            DatabaseType::External => self.external.as_ref().map(DatabaseChoice::External),
        }
    }
}

impl Default for ManagedDatabase {
    fn default() -> Self {
        Self {
            image: "docker.io/library/postgres:17-alpine".into(),
            storage: Storage::default(),
            resources: Resources::of("250m", "512Mi", "2Gi"),
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

impl Default for DatabaseConnection {
    fn default() -> Self {
        Self {
            max_connections_per_pod: 8,
            connect_timeout: GoDuration::from_secs(5),
            statement_timeout: GoDuration::from_secs(30),
        }
    }
}

fn postgres_port() -> u16 {
    5432
}

fn database_name() -> String {
    "ccx-data-pipeline".into()
}
