//! A resource whose references were all found and whose values all make sense: what `build` needs so that it can't fail.

mod access;
mod name;
mod pods;

use std::collections::BTreeMap;

pub use access::{Access, Inputs, Mount, MountSource};
use ccx_config as config;
use ccx_crds::{Exposure, ManagedDatabase, NetworkPolicyMode};
pub use name::PipelineName;
pub use pods::{Bounds, Image, Pods, Scaling};

use crate::model::{problem::Problem, references::Platform, resources::Ownership};

/// A resource that can be built.
#[derive(Clone, Debug)]
pub struct ValidatedPipeline {
    /// Its name.
    pub name: PipelineName,
    /// Its namespace, which is that of all its objects.
    pub namespace: String,
    /// What the cluster is.
    pub platform: Platform,
    /// Whether the workloads run.
    pub activity: Activity,
    /// The brokers.
    pub kafka: Access<config::Kafka>,
    /// How missing topics are created; none when somebody else does it.
    pub topics: Option<TopicCreation>,
    /// The object storage.
    pub object_storage: Access<config::ObjectStorage>,
    /// The database.
    pub database: Access<config::Database>,
    /// The database, when the operator runs it.
    pub managed_database: Option<Managed>,
    /// The pods that run rules.
    pub data_pipeline: DataPipeline,
    /// The pod that writes.
    pub db_writer: DbWriter,
    /// The pods that answer.
    pub aggregator: Aggregator,
    /// The image of Jobs, and how it is pulled.
    pub jobs: Image,
    /// How often something is tried.
    pub retry: config::Retry,
    /// What is logged.
    pub logging: config::Logging,
    /// What watches.
    pub monitoring: Monitoring,
    /// Whether traffic is limited.
    pub network_policy: NetworkPolicyMode,
}

impl ValidatedPipeline {
    /// What the spec names and does not exist, in the order of the spec.
    pub fn missing(&self) -> impl Iterator<Item = &Problem> {
        let dependencies = [&self.kafka.missing, &self.object_storage.missing, &self.database.missing];
        dependencies.into_iter().chain([&self.data_pipeline.missing, &self.db_writer.missing]).flatten()
    }
}

/// Whether the workloads run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// They do.
    Running,
    /// They have no pods; the database keeps running.
    Suspended,
}

/// How topics are created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopicCreation {
    /// Partitions of each.
    pub partitions: u32,
    /// Copies of each message.
    pub replication_factor: u16,
}

/// The managed database.
#[derive(Clone, Debug)]
pub struct Managed {
    /// What the resource says.
    pub spec: ManagedDatabase,
    /// Its pod.
    pub pods: Pods,
    /// Whether it goes with the resource.
    pub ownership: Ownership,
}

/// `data-pipeline`
#[derive(Clone, Debug)]
pub struct DataPipeline {
    /// Its pods.
    pub pods: Pods,
    /// Its section of the configuration.
    pub config: config::Pipeline,
    /// The limits of archives.
    pub archive: config::ArchiveLimits,
    /// The rules.
    pub rules: Rules,
    /// Which checks of workloads are sent.
    pub workload_checks: config::WorkloadChecks,
    /// Rules written for insights-core; none when there are none.
    pub insights_core: Option<InsightsCore>,
    /// What links its service account to a cloud identity.
    pub identity: BTreeMap<String, String>,
    /// What only its pods need and does not exist.
    pub missing: Vec<Problem>,
}

/// The rules.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Their section of the configuration.
    pub config: config::Rules,
    /// Where those of users are.
    pub mounts: Vec<Mount>,
    /// What only those who read them need and does not exist.
    pub missing: Vec<Problem>,
}

/// Rules written for insights-core, which Python runs beside the pipeline, in its container.
#[derive(Clone, Debug)]
pub struct InsightsCore {
    /// Its section of the configuration.
    pub config: config::InsightsCore,
    /// What Python reads, and where it may write.
    pub mounts: Vec<Mount>,
    /// Fingerprints of what pods read at their start only.
    pub inputs: Inputs,
}

/// `insights-results-db-writer`
#[derive(Clone, Debug)]
pub struct DbWriter {
    /// Its pods.
    pub pods: Pods,
    /// Its section of the configuration.
    pub config: config::Writer,
    /// The file with the organisations.
    pub allowlist: Option<Mount>,
    /// Fingerprints of what pods read at their start only.
    pub inputs: Inputs,
    /// What only its pod needs and does not exist.
    pub missing: Vec<Problem>,
}

/// `insights-results-aggregator`
#[derive(Clone, Debug)]
pub struct Aggregator {
    /// Its pods.
    pub pods: Pods,
    /// Its section of the configuration.
    pub config: config::Aggregator,
    /// How it is reached from outside.
    pub exposure: Exposure,
}

/// What watches.
#[derive(Clone, Debug)]
pub struct Monitoring {
    /// By what Prometheus finds the pods.
    pub scrape: ScrapeBy,
    /// How often metrics are collected, such as `30s`.
    pub interval: String,
    /// Whether there are alerts.
    pub alerts: Optional,
    /// The labels of the dashboards; none when there are no dashboards.
    pub dashboard_labels: Option<BTreeMap<String, String>>,
    /// Further labels of monitors and rules.
    pub labels: BTreeMap<String, String>,
}

/// By what Prometheus finds the pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScrapeBy {
    /// A PodMonitor.
    PodMonitor,
    /// A ServiceMonitor.
    ServiceMonitor,
    /// The annotations of the pods.
    Annotations,
    /// Nothing.
    Nothing,
}

/// Whether an optional part is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Optional {
    /// It is.
    Present,
    /// It isn't.
    Absent,
}
