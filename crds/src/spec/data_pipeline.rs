//! `spec.dataPipeline`

use kube::core::Rule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    ByteQuantity, GoDuration, InsightsCore, PipelineAutoscaling, PodTemplate, Resources, RuleSources,
    WorkloadChecks,
    schema::{
        field::{duration_between, image, size_from},
        rule::{archives_fit_into_memory, cpu_is_requested, not_larger, not_longer, required, rule},
    },
};

/// The pods that download archives and run rules on them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = DataPipeline::rules()))]
pub struct DataPipeline {
    /// Number of pods, unless `autoscaling` decides. More than the topic has partitions would be idle.
    #[schemars(range(min = 0, max = 512))]
    pub replicas: u32,
    /// Whether and how the number of pods follows the load.
    pub autoscaling: PipelineAutoscaling,
    /// The image of these pods; absent means `spec.image`.
    ///
    /// Example: `quay.io/ccx/ccx:0.1.0`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(transform = image)]
    pub image: Option<String>,
    /// Requests and limits of a pod.
    pub resources: Resources,
    /// Further settings of the pods.
    pub pod_template: PodTemplate,
    /// The consumer group.
    #[schemars(length(min = 1, max = 255))]
    pub consumer_group: String,
    /// Announcements with another value of the header `service` are skipped.
    #[schemars(length(min = 1, max = 128))]
    pub service: String,
    /// Announcements older than this are skipped: the cluster has sent a newer archive since. `0s` means never.
    #[schemars(transform = duration_between("0s", "720h"))]
    pub max_record_age: GoDuration,
    /// Limits of an archive. Larger ones are rejected.
    pub archive_limits: ArchiveLimits,
    /// Time limit of reading one archive and running all rules on it. Waiting for memory does not count.
    #[schemars(transform = duration_between("1s", "10m"))]
    pub archive_timeout: GoDuration,
    /// Downloads of archives.
    pub downloads: Downloads,
    /// Threads of a pod that unpack archives and run rules; 0 means one for each CPU of the limit, at most 8.
    #[schemars(range(min = 0, max = 256))]
    pub workers: u32,
    /// Maximum memory of a pod for archives that are downloaded, unpacked or waiting; one archive at a time may exceed it.
    #[schemars(transform = size_from("1Mi"))]
    pub max_size_in_flight: ByteQuantity,
    /// The rules that run.
    pub rules: RuleSources,
    /// Rules written for insights-core, run unchanged by Python processes.
    pub insights_core: InsightsCore,
    /// The checks of clusters' workloads whose results are published.
    pub workload_checks: WorkloadChecks,
    /// Time that a pod has at shutdown to finish its work.
    #[schemars(transform = duration_between("1s", "10m"))]
    pub shutdown_timeout: GoDuration,
}

impl DataPipeline {
    fn rules() -> Vec<Rule> {
        vec![cpu_is_requested(), archives_fit_into_memory()]
    }
}

/// Limits of an archive.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = ArchiveLimits::rules()))]
pub struct ArchiveLimits {
    /// Maximum size of an archive.
    #[schemars(transform = size_from("1Ki"))]
    pub max_compressed_size: ByteQuantity,
    /// Maximum total size of its files.
    #[schemars(transform = size_from("1Ki"))]
    pub max_unpacked_size: ByteQuantity,
    /// Maximum of files.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub max_entries: u32,
    /// Maximum length of a path in it, in bytes.
    #[schemars(range(min = 100, max = 65536))]
    pub max_path_bytes: u32,
}

impl ArchiveLimits {
    fn rules() -> Vec<Rule> {
        vec![not_larger("maxCompressedSize", "maxUnpackedSize")]
    }
}

/// Downloads of archives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = Downloads::rules()))]
pub struct Downloads {
    /// Maximum of concurrent downloads of a pod.
    #[schemars(range(min = 1, max = 1024))]
    pub max_parallel: u32,
    /// Timeout of connecting to the object storage.
    #[schemars(transform = duration_between("100ms", "1h"))]
    pub connect_timeout: GoDuration,
    /// Timeout without progress of a download.
    #[schemars(transform = duration_between("100ms", "1h"))]
    pub read_timeout: GoDuration,
    /// Timeout of a whole download.
    #[schemars(transform = duration_between("1s", "1h"))]
    pub timeout: GoDuration,
}

impl Downloads {
    fn rules() -> Vec<Rule> {
        vec![not_longer("connectTimeout", "timeout"), not_longer("readTimeout", "timeout")]
    }
}

/// Rules about the pipeline and other sections, for `spec`.
pub(super) fn rules_of_spec() -> Vec<Rule> {
    let fits_partitions = |is_chosen: &str, pods: &str| {
        let partitions = "self.kafka.topicManagement.partitions";
        let is_external = "self.kafka.topicManagement.policy == 'External'";
        rule(
            &format!("{is_external} || !({is_chosen}) || self.dataPipeline.{pods} <= {partitions}"),
            "choose at most kafka.topicManagement.partitions, or raise it: further pods would be idle",
        )
        .field_path(format!(".dataPipeline.{pods}"))
    };
    vec![
        fits_partitions("self.dataPipeline.autoscaling.type == 'None'", "replicas"),
        fits_partitions("self.dataPipeline.autoscaling.type != 'None'", "autoscaling.maxReplicas"),
        required(
            "self.dataPipeline.rules.builtIn == 'Enabled' || has(self.dataPipeline.rules.configMapSelector) || \
             has(self.dataPipeline.rules.configMapRefs) || has(self.dataPipeline.rules.volumeClaim) || \
             has(self.dataPipeline.rules.image) || self.dataPipeline.insightsCore.mode == 'Enabled'",
            "name another source of rules, or enable the built-in ones: without rules every report is empty",
        )
        .field_path(".dataPipeline.rules"),
        required(
            "self.dataPipeline.insightsCore.mode == 'Disabled' || has(self.dataPipeline.insightsCore.image) || \
             has(self.dataPipeline.image) || has(self.image)",
            "set an image with Python, insights-core and your packages: the operator's own has no Python",
        )
        .field_path(".dataPipeline.insightsCore.image"),
        required(
            "self.kafka.topics.workloads != '' || !has(self.dataPipeline.workloadChecks.enabled) || \
             size(self.dataPipeline.workloadChecks.enabled) == 0",
            "name a topic for checks of workloads: without one, those of dataPipeline.workloadChecks are not made",
        )
        .field_path(".kafka.topics.workloads"),
    ]
}

impl Default for DataPipeline {
    fn default() -> Self {
        Self {
            replicas: 8,
            autoscaling: PipelineAutoscaling::default(),
            image: None,
            resources: Resources::new("250m", "384Mi", "1Gi"),
            pod_template: PodTemplate::default(),
            consumer_group: "ccx_data_pipeline_extractor".into(),
            service: "openshift".into(),
            max_record_age: GoDuration::from_hours(2),
            archive_limits: ArchiveLimits::default(),
            downloads: Downloads::default(),
            workers: 0,
            max_size_in_flight: ByteQuantity::mebibytes(256),
            archive_timeout: GoDuration::from_secs(30),
            rules: RuleSources::default(),
            insights_core: InsightsCore::default(),
            workload_checks: WorkloadChecks::default(),
            shutdown_timeout: GoDuration::from_secs(25),
        }
    }
}

impl Default for ArchiveLimits {
    fn default() -> Self {
        Self {
            max_compressed_size: ByteQuantity::mebibytes(100),
            max_unpacked_size: ByteQuantity::mebibytes(512),
            max_entries: 100_000,
            max_path_bytes: 4096,
        }
    }
}

impl Default for Downloads {
    fn default() -> Self {
        Self {
            max_parallel: 16,
            connect_timeout: GoDuration::from_secs(5),
            read_timeout: GoDuration::from_secs(15),
            timeout: GoDuration::from_mins(2),
        }
    }
}
