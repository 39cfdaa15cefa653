//! `spec.workloadsWriter`

use kube::core::Rule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Resources,
    schema::{
        field::{image, metrics_namespace},
        rule::{required, rule},
    },
};

/// The pod that stores the checks of workloads (DVO) in the database. Batches, allowed organisations, shutdown and pod template are
/// those of `dbWriter`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct WorkloadsWriter {
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
    /// The consumer group.
    #[schemars(length(min = 1, max = 255))]
    pub consumer_group: String,
    /// Prefix of the metrics' names.
    #[schemars(transform = metrics_namespace)]
    pub metrics_namespace: String,
}

/// Rules about this writer and other sections, for `spec`.
pub(super) fn rules_of_spec() -> Vec<Rule> {
    vec![
        required(
            "!has(self.workloadsWriter) || self.kafka.topics.workloads != ''",
            "name the topic that workloadsWriter reads, such as ccx.dvo.results",
        )
        .field_path(".kafka.topics.workloads"),
        rule(
            "!has(self.workloadsWriter) || !(self.workloadsWriter.consumerGroup in [self.dataPipeline.consumerGroup, \
             self.dbWriter.consumerGroup])",
            "choose a group that no other component has: each reads topics of its own",
        )
        .field_path(".workloadsWriter.consumerGroup"),
    ]
}

impl Default for WorkloadsWriter {
    fn default() -> Self {
        Self {
            replicas: 1,
            image: None,
            resources: Resources::new("50m", "64Mi", "256Mi"),
            consumer_group: "dvo_writer_app".into(),
            metrics_namespace: "dvo_writer".into(),
        }
    }
}
