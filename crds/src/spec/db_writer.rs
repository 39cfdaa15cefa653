//! `spec.dbWriter`

use kube::core::Rule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    ByteQuantity, ConfigMapKeyRef, GoDuration, PodTemplate, Resources,
    schema::{
        field::{duration_between, image, metrics_namespace, size_from},
        rule::rule,
    },
};

/// The pod that stores results in the database.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct DbWriter {
    /// Number of pods. One is enough for thousands of clusters.
    #[schemars(range(min = 0, max = 16))]
    pub replicas: u32,
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
    /// Limits of the results in one transaction.
    pub batch: Batch,
    /// A CSV file with the organisations whose results are stored; absent means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org_allowlist_config_map_ref: Option<ConfigMapKeyRef>,
    /// Prefix of the metrics' names.
    #[schemars(transform = metrics_namespace)]
    pub metrics_namespace: String,
    /// Time that a pod has at shutdown to finish its batch.
    #[schemars(transform = duration_between("1s", "10m"))]
    pub shutdown_timeout: GoDuration,
}

/// Limits of the results in one transaction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Batch {
    /// Maximum of messages in one transaction.
    #[schemars(range(min = 1, max = 10_000))]
    pub max_messages: u32,
    /// Maximum of bytes in one transaction.
    #[schemars(transform = size_from("1Ki"))]
    pub max_size: ByteQuantity,
    /// Shortest time between batches that are not full.
    #[schemars(transform = duration_between("0s", "10s"))]
    pub linger: GoDuration,
}

/// Rules about the writer and other sections, for `spec`.
pub(super) fn rules_of_spec() -> Vec<Rule> {
    vec![
        rule(
            "self.dataPipeline.consumerGroup != self.dbWriter.consumerGroup",
            "choose another group than dataPipeline.consumerGroup: each reads topics of its own",
        )
        .field_path(".dbWriter.consumerGroup"),
    ]
}

impl Default for DbWriter {
    fn default() -> Self {
        Self {
            replicas: 1,
            image: None,
            resources: Resources::new("100m", "64Mi", "256Mi"),
            pod_template: PodTemplate::default(),
            consumer_group: "ccx_data_pipeline_app".into(),
            batch: Batch::default(),
            org_allowlist_config_map_ref: None,
            metrics_namespace: "insights_results_db_writer".into(),
            shutdown_timeout: GoDuration::from_secs(25),
        }
    }
}

impl Default for Batch {
    fn default() -> Self {
        Self { max_messages: 200, max_size: ByteQuantity::mebibytes(8), linger: GoDuration::from_millis(5) }
    }
}
