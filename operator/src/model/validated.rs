//! A validated resource, from which `build` can't fail.

mod access;
mod name;
mod pods;

use std::{collections::BTreeMap, time::Duration};

pub use access::{Access, Inputs, Mount, MountSource};
use ccx_config as config;
use ccx_crds::{Exposure, ManagedDatabase, NetworkPolicy};
use k8s_openapi::api::core::v1::ResourceRequirements;
pub use name::PipelineName;
pub use pods::{Bounds, Image, Pods, Scaling};

use crate::model::{component::Component, problem::Problem, references::Platform, resources::Ownership};

/// A resource that can be built.
#[derive(Clone, Debug)]
pub struct ValidatedPipeline {
    /// Its name.
    pub name: PipelineName,
    /// Its namespace, which is that of all its objects.
    pub namespace: String,
    /// The platform of the cluster.
    pub platform: Platform,
    /// Whether the workloads run.
    pub activity: Activity,
    /// The brokers.
    pub kafka: Access<config::Kafka>,
    /// The creation of missing topics; `None` when topics are managed externally.
    pub topics: Option<TopicCreation>,
    /// The object storage.
    pub object_storage: Access<config::ObjectStorage>,
    /// The database.
    pub database: Access<config::Database>,
    /// The managed database; `None` for an external one.
    pub managed_database: Option<Managed>,
    /// The component `data-pipeline`.
    pub data_pipeline: DataPipeline,
    /// The component `insights-results-db-writer`.
    pub db_writer: DbWriter,
    /// The component `insights-results-aggregator`.
    pub aggregator: Aggregator,
    /// The component `dvo-writer`; `None` when it is not wanted.
    pub workloads_writer: Option<WorkloadsWriter>,
    /// The component `insights-results-smart-proxy`; `None` when it is not wanted.
    pub public_api: Option<PublicApi>,
    /// The component `ingress`; `None` when it is not wanted.
    pub uploads: Option<Uploads>,
    /// The component `valkey-writer`; `None` when it is not wanted.
    pub requests_writer: Option<RequestsWriter>,
    /// The CronJob that deletes old reports; `None` when it is not wanted.
    pub cleaner: Option<Cleaner>,
    /// The image of Jobs.
    pub jobs: Image,
    /// A text whose change repeats the Jobs.
    pub job_run: Option<String>,
    /// The retries of the workloads.
    pub retry: config::Retry,
    /// The logging of the workloads.
    pub logging: config::Logging,
    /// Monitoring.
    pub monitoring: Monitoring,
    /// The restriction of traffic.
    pub network_policy: NetworkPolicy,
    /// The namespace of the operator; `None` when it is not known.
    pub operator_namespace: Option<String>,
}

impl ValidatedPipeline {
    /// Returns the missing references, in the order of the spec.
    pub fn missing(&self) -> impl Iterator<Item = &Problem> {
        let dependencies = [&self.kafka.missing, &self.object_storage.missing, &self.database.missing];
        let valkey = self.valkey().map(|valkey| &valkey.missing);
        let public_api = self
            .public_api
            .iter()
            .flat_map(|api| [&api.config.missing, &api.auth.missing, &api.page.missing]);
        let aggregator = &self.aggregator.pods.missing;
        let database = self.managed_database.iter().map(|database| &database.missing);
        let components = [&self.data_pipeline.missing, &self.db_writer.missing, aggregator];
        dependencies.into_iter().chain(database).chain(components).chain(valkey).chain(public_api).flatten()
    }

    /// Returns the mounted objects of all pods.
    pub fn mounts(&self) -> impl Iterator<Item = &Mount> {
        let insights_core = self.data_pipeline.insights_core.iter().flat_map(|it| &it.mounts);
        let dependencies = [&self.kafka.mounts, &self.object_storage.mounts, &self.database.mounts];
        let rules = [&self.data_pipeline.rules.mounts];
        let valkey = self.valkey().into_iter().flat_map(|valkey| &valkey.mounts);
        let public_api = self
            .public_api
            .iter()
            .flat_map(|api| api.config.mounts.iter().chain(&api.auth.mounts).chain(&api.page.mounts));
        dependencies
            .into_iter()
            .chain(rules)
            .flatten()
            .chain(insights_core)
            .chain(&self.db_writer.allowlist)
            .chain(valkey)
            .chain(public_api)
    }

    /// Returns the server with processed requests; `None` when they are in the database, or not wanted.
    pub fn valkey(&self) -> Option<&Access<config::Valkey>> {
        self.requests_writer.as_ref()?.valkey.as_ref()
    }

    /// Returns the pods of a component that runs `ccx`; `None` for one that is not wanted, and for the database.
    pub fn pods(&self, component: Component) -> Option<&Pods> {
        match component {
            Component::Ingress => self.uploads.as_ref().map(|uploads| &uploads.pods),
            Component::DataPipeline => Some(&self.data_pipeline.pods),
            Component::DbWriter => Some(&self.db_writer.pods),
            Component::WorkloadsWriter => self.workloads_writer.as_ref().map(|writer| &writer.pods),
            Component::RequestsWriter => self.requests_writer.as_ref().map(|writer| &writer.pods),
            Component::Aggregator => Some(&self.aggregator.pods),
            Component::SmartProxy => self.public_api.as_ref().map(|api| &api.pods),
            Component::Database => None,
        }
    }

    /// Returns the components that run `ccx`, in the order of suspension.
    pub fn workloads(&self) -> impl Iterator<Item = Component> {
        Component::ALL.into_iter().filter(|component| self.pods(*component).is_some())
    }
}

/// Whether the workloads run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// They run.
    Running,
    /// They are scaled to zero; the database keeps running.
    Suspended,
}

/// The parameters of created topics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicCreation {
    /// Partitions per topic.
    pub partitions: u32,
    /// The replication factor.
    pub replication_factor: u16,
    /// The names of the topics whose partitions may grow.
    pub owned: Vec<String>,
}

/// The managed database.
#[derive(Clone, Debug)]
pub struct Managed {
    /// Its part of the spec.
    pub spec: ManagedDatabase,
    /// Its pod.
    pub pods: Pods,
    /// Whether connections to it are encrypted with a generated certificate.
    pub is_encrypted: bool,
    /// Whether it is deleted with the resource.
    pub ownership: Ownership,
    /// The connections that all pods may open, and those that PostgreSQL reserves.
    pub connections: u32,
    /// Problems that hold back its pod.
    pub missing: Vec<Problem>,
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
    /// The checks of workloads that are published.
    pub workload_checks: config::WorkloadChecks,
    /// Rules of insights-core; `None` when disabled.
    pub insights_core: Option<InsightsCore>,
    /// The annotations that link its service account to a cloud identity.
    pub identity: BTreeMap<String, String>,
    /// Missing references that only its pods need.
    pub missing: Vec<Problem>,
}

/// The rules.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Their section of the configuration.
    pub config: config::Rules,
    /// The volumes with rules of users.
    pub mounts: Vec<Mount>,
    /// Missing references that only users of the rules need.
    pub missing: Vec<Problem>,
}

/// Rules of insights-core, which run in Python processes in the container of the pipeline.
#[derive(Clone, Debug)]
pub struct InsightsCore {
    /// Its section of the configuration.
    pub config: config::InsightsCore,
    /// The volumes of the Python processes.
    pub mounts: Vec<Mount>,
    /// Digests of the inputs that pods read at their start only.
    pub inputs: Inputs,
}

/// `insights-results-db-writer`
#[derive(Clone, Debug)]
pub struct DbWriter {
    /// Its pods.
    pub pods: Pods,
    /// Its section of the configuration.
    pub config: config::Writer,
    /// The volume with the list of organisations.
    pub allowlist: Option<Mount>,
    /// Digests of the inputs that pods read at their start only.
    pub inputs: Inputs,
    /// Missing references that only its pod needs.
    pub missing: Vec<Problem>,
}

/// `insights-results-smart-proxy`
#[derive(Clone, Debug)]
pub struct PublicApi {
    /// Its pods.
    pub pods: Pods,
    /// Its section of the configuration.
    pub config: Access<config::SmartProxy>,
    /// The authentication of callers, also of those that upload.
    pub auth: Access<config::Auth>,
    /// The Advisor page.
    pub page: Access<config::Web>,
    /// Whether the operator generates the secret of the page.
    pub has_generated_secret: bool,
    /// The exposure outside the cluster, also of uploads.
    pub exposure: Exposure,
    /// The host that a controller has given to the exposure.
    pub reported_host: Option<String>,
    /// Whether its pods ask the API server about tokens.
    pub reviews_tokens: bool,
}

/// `ingress`
#[derive(Clone, Debug)]
pub struct Uploads {
    /// Its pods.
    pub pods: Pods,
    /// Its section of the configuration.
    pub config: config::Ingress,
}

/// `dvo-writer`
#[derive(Clone, Debug)]
pub struct WorkloadsWriter {
    /// Its pods.
    pub pods: Pods,
    /// Its section of the configuration.
    pub config: config::DvoWriter,
}

/// `valkey-writer`
#[derive(Clone, Debug)]
pub struct RequestsWriter {
    /// Its pods.
    pub pods: Pods,
    /// Its section of the configuration.
    pub config: config::ValkeyWriter,
    /// The server that it writes to; `None` when it writes to the database.
    pub valkey: Option<Access<config::Valkey>>,
}

/// The CronJob that deletes old reports.
#[derive(Clone, Debug)]
pub struct Cleaner {
    /// When it runs.
    pub schedule: String,
    /// The time zone of the schedule.
    pub time_zone: Option<String>,
    /// The age of reports that are deleted.
    pub max_age: Duration,
    /// Whether no further run is started.
    pub is_suspended: bool,
    /// Requests and limits of its pod.
    pub resources: ResourceRequirements,
}

/// `insights-results-aggregator`
#[derive(Clone, Debug)]
pub struct Aggregator {
    /// Its pods.
    pub pods: Pods,
    /// Its section of the configuration.
    pub config: config::Aggregator,
    /// The exposure of the API outside the cluster.
    pub exposure: Exposure,
}

/// Monitoring of the workloads.
#[derive(Clone, Debug)]
pub struct Monitoring {
    /// The way in which Prometheus discovers the pods.
    pub scrape: ScrapeBy,
    /// Whether pods have the annotations of Prometheus.
    pub annotations: Optional,
    /// The scrape interval, such as `30s`.
    pub interval: String,
    /// Whether alerts are created.
    pub alerts: Optional,
    /// The labels of the dashboards; `None` without dashboards.
    pub dashboard_labels: Option<BTreeMap<String, String>>,
    /// Further labels of monitors and rules.
    pub labels: BTreeMap<String, String>,
}

/// The way in which Prometheus discovers the pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScrapeBy {
    /// A PodMonitor.
    PodMonitor,
    /// A ServiceMonitor.
    ServiceMonitor,
    /// The annotations of the pods.
    Annotations,
    /// Not at all.
    Nothing,
}

/// Whether an optional part is created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Optional {
    /// It is created.
    Present,
    /// It is not created.
    Absent,
}
