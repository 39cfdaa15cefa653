//! `spec.dataPipeline.autoscaling` and `spec.aggregator.autoscaling`

use kube::core::Rule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema::rule::rule;

/// Whether and how the number of pipeline pods follows the load.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = PipelineAutoscaling::rules()))]
pub struct PipelineAutoscaling {
    /// The metric by which pods are scaled.
    #[serde(rename = "type")]
    pub kind: PipelineScaling,
    /// Minimum of pods. 0 needs type `KafkaLag`.
    #[schemars(range(min = 0, max = 512))]
    pub min_replicas: u32,
    /// Maximum of pods. More than the topic has partitions would be idle.
    #[schemars(range(min = 1, max = 512))]
    pub max_replicas: u32,
    /// Target CPU utilization, in percent of the request, with type `Cpu`.
    #[schemars(range(min = 1, max = 100))]
    pub target_cpu_utilization_percent: u32,
    /// Target consumer lag per pod, in announcements, with type `KafkaLag`.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub target_lag_per_replica: u32,
}

impl PipelineAutoscaling {
    fn rules() -> Vec<Rule> {
        vec![
            rule("self.minReplicas <= self.maxReplicas", "choose at most maxReplicas").field_path(".minReplicas"),
            rule(
                "self.minReplicas > 0 || self.type == 'KafkaLag'",
                "choose at least 1, or type KafkaLag: only waiting announcements can wake a pipeline without pods",
            )
            .field_path(".minReplicas"),
        ]
    }
}

/// The metric by which pods of the pipeline are scaled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PipelineScaling {
    /// No autoscaling: `replicas` is used.
    #[default]
    None,
    /// CPU utilization, by a HorizontalPodAutoscaler.
    Cpu,
    /// Consumer lag, by a KEDA ScaledObject.
    KafkaLag,
}

/// Whether and how the number of API pods follows the load.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = AggregatorAutoscaling::rules()))]
pub struct AggregatorAutoscaling {
    /// The metric by which pods are scaled.
    #[serde(rename = "type")]
    pub kind: AggregatorScaling,
    /// Minimum of pods.
    #[schemars(range(min = 1, max = 512))]
    pub min_replicas: u32,
    /// Maximum of pods.
    #[schemars(range(min = 1, max = 512))]
    pub max_replicas: u32,
    /// Target CPU utilization, in percent of the request.
    #[schemars(range(min = 1, max = 100))]
    pub target_cpu_utilization_percent: u32,
}

impl AggregatorAutoscaling {
    fn rules() -> Vec<Rule> {
        vec![
            rule("self.minReplicas <= self.maxReplicas", "choose at most maxReplicas")
                .field_path(".minReplicas"),
        ]
    }
}

/// The metric by which pods of the API are scaled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AggregatorScaling {
    /// No autoscaling: `replicas` is used.
    None,
    /// CPU utilization, by a HorizontalPodAutoscaler.
    #[default]
    Cpu,
}

impl Default for PipelineAutoscaling {
    fn default() -> Self {
        Self {
            kind: PipelineScaling::default(),
            min_replicas: 2,
            max_replicas: 16,
            target_cpu_utilization_percent: 80,
            target_lag_per_replica: 20,
        }
    }
}

impl Default for AggregatorAutoscaling {
    fn default() -> Self {
        Self {
            kind: AggregatorScaling::default(),
            min_replicas: 2,
            max_replicas: 8,
            target_cpu_utilization_percent: 80,
        }
    }
}
