//! A resource whose references were all found and whose values all make sense: what `build` needs so that it can't fail.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    time::Duration,
};

use ccx_config as config;
use ccx_crds::{Exposure, ManagedDatabase, NetworkPolicyMode, PodTemplate};
use k8s_openapi::api::core::v1::{EnvVar, ResourceRequirements};

use crate::{child::Ownership, references::Platform, restart::Input};

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

/// The name of a resource, short enough that every child has a valid name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PipelineName(String);

/// Whether the workloads run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// They do.
    Running,
    /// They have no pods; the database keeps running.
    Suspended,
}

/// How a dependency is reached: its part of the configuration, and what pods need for it.
#[derive(Clone, Debug, Default)]
pub struct Access<C> {
    /// Its section of the configuration file.
    pub config: C,
    /// The files that the section names.
    pub mounts: Vec<Mount>,
    /// What the section can't say by a file.
    pub variables: Vec<EnvVar>,
    /// Fingerprints of what pods read at their start only.
    pub inputs: Inputs,
    /// The TCP ports on which it is reached.
    pub ports: BTreeSet<u16>,
    /// Certificates of authorities that no object of the user's has; the builder makes one.
    pub authorities: Option<String>,
}

/// Fingerprints by what they are of.
pub type Inputs = BTreeMap<Input, Vec<String>>;

/// A volume in a pod.
#[derive(Clone, Debug, PartialEq)]
pub struct Mount {
    /// The volume's name.
    pub volume: String,
    /// Where it is in the container.
    pub path: String,
    /// What is in it.
    pub source: MountSource,
}

/// What is in a volume.
#[derive(Clone, Debug, PartialEq)]
pub enum MountSource {
    /// Keys of a Secret, each as a file.
    Secret {
        /// The Secret.
        name: String,
        /// Key and file.
        files: Vec<(String, String)>,
    },
    /// A ConfigMap: these keys, each as a file, or all when there are none.
    ConfigMap {
        /// The ConfigMap.
        name: String,
        /// Key and file.
        files: Vec<(String, String)>,
    },
    /// A volume that exists, read-only.
    Claim {
        /// The PersistentVolumeClaim.
        name: String,
    },
    /// The files of an image.
    Image {
        /// The image.
        reference: String,
        /// When it is pulled.
        pull_policy: &'static str,
    },
    /// Nothing at first; the container may write there, on disk.
    Scratch {
        /// Most bytes, as a quantity.
        size_limit: String,
    },
    /// Nothing at first; the container may write there, in its memory.
    Memory {
        /// Most bytes, as a quantity; without it the container's memory is the limit.
        size_limit: Option<String>,
    },
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

/// An image, and how it is pulled.
#[derive(Clone, Debug)]
pub struct Image {
    /// Its name.
    pub reference: String,
    /// When it is pulled.
    pub pull_policy: &'static str,
    /// Secrets of the registries.
    pub pull_secrets: BTreeSet<String>,
}

/// The pods of a component.
#[derive(Clone, Debug)]
pub struct Pods {
    /// The image.
    pub image: Image,
    /// What the main container may use.
    pub resources: ResourceRequirements,
    /// What else the user wants.
    pub template: PodTemplate,
    /// How many there are.
    pub scaling: Scaling,
    /// How long the process is given to finish what it does.
    pub shutdown_timeout: Duration,
}

/// How many pods there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scaling {
    /// So many.
    Fixed(u32),
    /// As CPU use says.
    Cpu {
        /// Fewest and most.
        bounds: Bounds,
        /// Percent of the request that is aimed at.
        target_percent: u32,
    },
    /// As the waiting announcements say, by KEDA.
    KafkaLag {
        /// Fewest and most.
        bounds: Bounds,
        /// Waiting announcements for each pod that are aimed at.
        target_lag: u32,
    },
}

/// Fewest and most pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Fewest.
    pub min: u32,
    /// Most; not fewer than `min`.
    pub max: u32,
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
    /// The rules that users wrote.
    pub rules: Rules,
    /// Rules written for insights-core; none when there are none.
    pub insights_core: Option<InsightsCore>,
    /// What links its service account to a cloud identity.
    pub identity: BTreeMap<String, String>,
}

/// The rules that users wrote.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Where they are.
    pub mounts: Vec<Mount>,
    /// Fingerprints of what pods read at their start only.
    pub inputs: Inputs,
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

impl PipelineName {
    /// Most characters, so that `<name>-insights-results-aggregator` fits into 63, the most that a Service's name may have.
    pub const MAX_LENGTH: usize = 35;

    /// The name, when children can be named after it: letters, digits and `-` as Services demand, and not too many.
    pub fn parse(name: &str) -> Option<Self> {
        let is_inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let begins_well = name.starts_with(|c: char| c.is_ascii_lowercase());
        let is_valid = begins_well && !name.ends_with('-') && name.len() <= Self::MAX_LENGTH && name.chars().all(is_inner);
        is_valid.then(|| Self(name.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PipelineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leaves_room_for_the_longest_component_and_is_fit_for_a_service() {
        for good in ["ccx", "a", "insights-2", &"a".repeat(35)] {
            assert!(PipelineName::parse(good).is_some(), "{good}");
        }
        for bad in ["", "1ccx", "ccx-", "ccx.prod", "Ccx", &"a".repeat(36)] {
            assert!(PipelineName::parse(bad).is_none(), "{bad}");
        }
    }
}
