//! `autoscaling` of the components

use ccx_crds::{Aggregator, AggregatorScaling, DataPipeline, PipelineScaling};

use crate::{
    model::{
        kind::Kind,
        reason::Reason,
        references::References,
        validated::{Bounds, Scaling},
    },
    validate::problems::Problems,
};

/// Returns the scaling of `data-pipeline`.
pub(super) fn pipeline_scaling(
    pipeline: &DataPipeline,
    references: &References,
    problems: &mut Problems,
) -> Scaling {
    const FIELD: &str = "spec.dataPipeline.autoscaling";
    let autoscaling = &pipeline.autoscaling;
    let bounds = Bounds { min: autoscaling.min_replicas, max: autoscaling.max_replicas };
    match autoscaling.kind {
        PipelineScaling::None => Scaling::Fixed(pipeline.replicas),
        PipelineScaling::Cpu => {
            check(FIELD, bounds, 1, problems);
            Scaling::Cpu { bounds, target_percent: autoscaling.target_cpu_utilization_percent }
        }
        PipelineScaling::KafkaLag => {
            check(FIELD, bounds, 0, problems);
            if !references.capabilities.serves(Kind::ScaledObject) {
                problems.push_not_served(
                    &format!("{FIELD}.type KafkaLag"),
                    Kind::ScaledObject,
                    "choose type Cpu or None",
                );
            }
            Scaling::KafkaLag { bounds, target_lag: autoscaling.target_lag_per_replica }
        }
    }
}

/// Returns the scaling of the aggregator.
pub(super) fn aggregator_scaling(aggregator: &Aggregator, problems: &mut Problems) -> Scaling {
    let autoscaling = &aggregator.autoscaling;
    let bounds = Bounds { min: autoscaling.min_replicas, max: autoscaling.max_replicas };
    match autoscaling.kind {
        AggregatorScaling::None => Scaling::Fixed(aggregator.replicas),
        AggregatorScaling::Cpu => {
            check("spec.aggregator.autoscaling", bounds, 1, problems);
            Scaling::Cpu { bounds, target_percent: autoscaling.target_cpu_utilization_percent }
        }
    }
}

fn check(field: &str, bounds: Bounds, fewest: u32, problems: &mut Problems) {
    let Bounds { min, max } = bounds;
    if min < fewest || min > max {
        let message = format!(
            "{field} has minReplicas {min} and maxReplicas {max}; give at least {fewest}, and no more than the most"
        );
        problems.push(Reason::InvalidSpec, message);
    }
}
