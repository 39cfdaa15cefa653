//! `spec.database`

mod external;
mod managed;

use kube::core::Rule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    GoDuration,
    schema::{
        field::duration_between,
        rule::{forbidden, needed_when, only_when, rule},
    },
};

pub use external::{ExternalDatabase, TlsMode};
pub use managed::{ManagedDatabase, Storage, StorageVolume};

/// The PostgreSQL database of the results: a union of `managed` and `external`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = Database::rules()))]
pub struct Database {
    /// Whether the operator runs the database. It can't be changed: the data would not be moved.
    #[serde(rename = "type")]
    pub kind: DatabaseType,
    /// The database that the operator runs, with type `Managed`. Absent means its defaults.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed: Option<ManagedDatabase>,
    /// The existing database, with type `External`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external: Option<ExternalDatabase>,
    /// Connections of the workloads.
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
                &format!("{} == {}", storage_volume("self"), storage_volume("oldSelf")),
                "leave volume as it is: nothing would move the data",
            )
            .field_path(".managed"),
        ]
    }
}

/// Rules about the database and other sections, for `spec`.
pub(super) fn rules_of_spec() -> Vec<Rule> {
    vec![
        rule(
            "self.database.type != 'Managed' || !has(self.database.managed) || !has(self.database.managed.parameters) || \
             !('max_connections' in self.database.managed.parameters) || \
             !self.database.managed.parameters['max_connections'].matches('^[0-9]{1,6}$') || \
             int(self.database.managed.parameters['max_connections']) >= \
             ((self.aggregator.autoscaling.type == 'None' ? self.aggregator.replicas : self.aggregator.autoscaling.maxReplicas) + 3) \
             * self.database.connection.maxConnectionsPerPod + 4",
            "choose a max_connections of at least 4 + (pods of the aggregator + 3) * connection.maxConnectionsPerPod, or remove it",
        )
        .field_path(".database.managed.parameters"),
        forbidden(
            "self.database.type == 'Managed' || self.deletionPolicy == 'Retain'",
            "leave deletionPolicy at Retain: an external database is never deleted",
        )
        .field_path(".deletionPolicy"),
    ]
}

/// The volume's size; what isn't described has the default's.
fn storage_size(resource: &str) -> String {
    let database = format!("{resource}.spec.database");
    let size = format!("{database}.managed.storage.size");
    let default = Storage::default().size;
    let default = default.as_str();
    format!(
        "(has({database}) && has({database}.managed) && isQuantity({size}) ? quantity({size}) : quantity('{default}'))"
    )
}

/// The storage class can be corrected while the claim has no volume, of which only the status knows. For the
/// whole resource.
pub(super) fn storage_class_rule() -> Rule {
    let is_same = format!("{} == {}", storage_class("self"), storage_class("oldSelf"));
    let is_unbound = database_has_reason("['StoragePending', 'ProvisioningFailed']");
    forbidden(
        &format!("{is_same} || {is_unbound}"),
        "leave storageClassName as it is: nothing would move the data",
    )
    .field_path(".spec.database.managed")
}

/// The size can be taken back while the volume could not be expanded, of which only the status knows. For the
/// whole resource.
pub(super) fn storage_size_rule() -> Rule {
    let is_not_smaller = format!("{}.compareTo({}) >= 0", storage_size("self"), storage_size("oldSelf"));
    let has_failed = database_has_reason("['StorageResizeFailed']");
    forbidden(
        &format!("{is_not_smaller} || {has_failed}"),
        "choose at least the size that the volume has: volumes can't shrink",
    )
    .field_path(".spec.database.managed")
}

fn database_has_reason(reasons: &str) -> String {
    format!(
        "(has(oldSelf.status) && has(oldSelf.status.conditions) && oldSelf.status.conditions.exists(\
         condition, condition.type == 'DatabaseReady' && condition.reason in {reasons}))"
    )
}

fn storage_class(resource: &str) -> String {
    let database = format!("{resource}.spec.database");
    let class = format!("{database}.managed.storage.storageClassName");
    format!("(has({database}) && has({database}.managed) && has({class}) ? {class} : '')")
}

fn storage_volume(database: &str) -> String {
    format!("(has({database}.managed) ? {database}.managed.storage.volume : 'Persistent')")
}

/// Whether the operator runs the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DatabaseType {
    /// The operator runs it, as one pod with a volume.
    #[default]
    Managed,
    /// It exists: a cloud service, or the database of another operator.
    External,
}

/// Connections of the workloads to the database.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct DatabaseConnection {
    /// Maximum of connections of one pod.
    #[schemars(range(min = 1, max = 200))]
    pub max_connections_per_pod: u32,
    /// Timeout of connecting, and of waiting for a free connection.
    #[schemars(transform = duration_between("100ms", "5m"))]
    pub connect_timeout: GoDuration,
    /// Timeout of one statement on the server.
    #[schemars(transform = duration_between("100ms", "1h"))]
    pub statement_timeout: GoDuration,
}

/// The member of the union that is used.
#[derive(Clone, Debug, PartialEq)]
pub enum DatabaseChoice<'a> {
    /// The operator runs it.
    Managed(Box<ManagedDatabase>),
    /// It exists.
    External(&'a ExternalDatabase),
}

impl Database {
    /// The member of the union that is used; none for an external database that isn't described, which the schema forbids.
    pub fn choice(&self) -> Option<DatabaseChoice<'_>> {
        match self.kind {
            DatabaseType::Managed => {
                Some(DatabaseChoice::Managed(Box::new(self.managed.clone().unwrap_or_default())))
            }
            DatabaseType::External => self.external.as_ref().map(DatabaseChoice::External),
        }
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
