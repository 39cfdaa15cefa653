//! `spec.database`

use std::collections::BTreeMap;

use kube::core::Rule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    ByteQuantity, CaSecretRef, CredentialsSecretRef, GoDuration, PodTemplate, Resources,
    field::{duration_between, host_or_address, image, object_name, size_from, text_map},
    rule::{forbidden, needed_when, only_when, rule},
};

/// The PostgreSQL database of the results: a union of `managed` and `external`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = Database::rules()))]
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

impl Database {
    fn rules() -> Vec<Rule> {
        vec![
            forbidden(
                "self.type == oldSelf.type",
                "leave the type as it is: nothing would move the data; make a new CcxPipeline for another database",
            )
            .field_path(".type"),
            needed_when(
                "external",
                "self.type == 'External'",
                "set external with host and credentialsSecretRef: type External needs them",
            ),
            only_when("external", "self.type == 'External'", "set type to External, or remove external"),
            only_when("managed", "self.type == 'Managed'", "set type to Managed, or remove managed"),
            forbidden(
                &format!("{}.compareTo({}) >= 0", storage_size("self"), storage_size("oldSelf")),
                "choose at least the size that the volume has: volumes can't shrink",
            )
            .field_path(".managed"),
            forbidden(
                &format!("{} == {}", storage_class("self"), storage_class("oldSelf")),
                "leave storageClassName as it is: nothing would move the data",
            )
            .field_path(".managed"),
            forbidden(
                &format!("{} == {}", storage_volume("self"), storage_volume("oldSelf")),
                "leave volume as it is: nothing would move the data",
            )
            .field_path(".managed"),
        ]
    }
}

/// The volume's size; what isn't described has the default's.
fn storage_size(database: &str) -> String {
    let size = format!("{database}.managed.storage.size");
    let default = Storage::default().size;
    let default = default.as_str();
    format!("(has({database}.managed) && isQuantity({size}) ? quantity({size}) : quantity('{default}'))")
}

fn storage_class(database: &str) -> String {
    let class = format!("{database}.managed.storage.storageClassName");
    format!("(has({database}.managed) && has({class}) ? {class} : '')")
}

fn storage_volume(database: &str) -> String {
    format!("(has({database}.managed) ? {database}.managed.storage.volume : 'Persistent')")
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
#[schemars(extend("x-kubernetes-validations" = ManagedDatabase::rules()))]
pub struct ManagedDatabase {
    /// The image of PostgreSQL 13 or later.
    #[schemars(transform = image)]
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

impl ManagedDatabase {
    fn rules() -> Vec<Rule> {
        vec![
            forbidden(
                "!has(self.parameters) || !self.parameters.exists(key, key in ['listen_addresses', 'port', \
                 'data_directory', 'hba_file', 'ident_file', 'config_file', 'unix_socket_directories', 'password_encryption'])",
                "remove from parameters what the operator sets, such as listen_addresses and data_directory",
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
    /// The storage class; absent means the cluster's default. It can't be changed.
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

/// A database that exists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = ExternalDatabase::rules()))]
pub struct ExternalDatabase {
    /// Host name or address.
    ///
    /// Example: `results-rw.databases.svc`.
    #[schemars(transform = host_or_address)]
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

impl ExternalDatabase {
    fn rules() -> Vec<Rule> {
        vec![
            needed_when(
                "caSecretRef",
                "self.tlsMode == 'VerifyCa'",
                "set caSecretRef: with the public authorities, VerifyCa would trust any host; or choose VerifyFull",
            ),
            only_when(
                "caSecretRef",
                "self.tlsMode in ['VerifyCa', 'VerifyFull']",
                "set tlsMode to VerifyFull or VerifyCa, or remove caSecretRef: only they check the certificate",
            ),
            rule(
                "self.name.matches('^[A-Za-z0-9_][-A-Za-z0-9_$]*$')",
                "write a database's name: letters, digits, _, - and $",
            )
            .field_path(".name"),
        ]
    }
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
    #[schemars(transform = duration_between("100ms", "5m"))]
    pub connect_timeout: GoDuration,
    /// How long the server works on one statement before it gives up.
    #[schemars(transform = duration_between("100ms", "1h"))]
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
