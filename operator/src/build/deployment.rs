//! The Deployments of the workloads.

use k8s_openapi::{
    api::apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment},
    apimachinery::pkg::{apis::meta::v1::LabelSelector, util::intstr::IntOrString},
};

use crate::{
    build::{metadata::metadata, pod, program::Program},
    model::{
        component::Component,
        resources::{Child, Stage},
        validated::{Activity, Pods, Scaling, ValidatedPipeline},
    },
};

/// Revisions kept for a rollback.
const REVISIONS: i32 = 3;

pub(super) fn children(pipeline: &ValidatedPipeline) -> Vec<Child> {
    Program::workloads(pipeline)
        .iter()
        .filter_map(|(component, program)| {
            Some(child(pipeline, *component, program, pipeline.pods(*component)?))
        })
        .collect()
}

fn child(pipeline: &ValidatedPipeline, component: Component, program: &Program<'_>, pods: &Pods) -> Child {
    let spec = DeploymentSpec {
        replicas: replicas(pipeline.activity, pods.scaling),
        revision_history_limit: Some(REVISIONS),
        selector: LabelSelector {
            match_labels: Some(component.selector(pipeline.name.as_str())),
            ..LabelSelector::default()
        },
        strategy: Some(strategy(component)),
        template: pod::component_pod(pipeline, component, program, pods),
        ..DeploymentSpec::default()
    };
    let deployment = Deployment {
        metadata: metadata(pipeline, component.name()),
        spec: Some(spec),
        ..Deployment::default()
    };
    let missing = match pipeline.activity {
        Activity::Running => program.missing(),
        // Without pods no reference is needed.
        Activity::Suspended => Vec::new(),
    };
    Child::new(component, Stage::Workloads, deployment)
        .with_missing(missing)
        .with_database(program.uses_database())
        .with_start_replicas(start_replicas(pipeline.activity, pods.scaling))
}

/// Returns `None` when an autoscaler decides: two managers of one field would fight over it.
fn replicas(activity: Activity, scaling: Scaling) -> Option<i32> {
    match (activity, scaling) {
        (Activity::Suspended, _) => Some(0),
        (Activity::Running, Scaling::Fixed(number)) => Some(saturating(number)),
        (Activity::Running, Scaling::Cpu { .. } | Scaling::KafkaLag { .. }) => None,
    }
}

/// Returns the minimum of the autoscaler.
fn start_replicas(activity: Activity, scaling: Scaling) -> Option<i32> {
    match (activity, scaling) {
        (Activity::Running, Scaling::Cpu { bounds, .. } | Scaling::KafkaLag { bounds, .. }) => {
            Some(saturating(bounds.min))
        }
        (Activity::Suspended, _) | (Activity::Running, Scaling::Fixed(_)) => None,
    }
}

fn saturating(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn strategy(component: Component) -> DeploymentStrategy {
    match component {
        // A second writer would wait for the lock of the first.
        Component::DbWriter | Component::WorkloadsWriter | Component::RequestsWriter => {
            DeploymentStrategy { type_: Some("Recreate".into()), rolling_update: None }
        }
        // The API never has fewer pods than desired.
        Component::Aggregator | Component::SmartProxy | Component::Ingress => {
            rolling(IntOrString::Int(0), IntOrString::Int(1))
        }
        Component::DataPipeline | Component::Database => {
            rolling(IntOrString::String("25%".into()), IntOrString::String("25%".into()))
        }
    }
}

fn rolling(max_unavailable: IntOrString, max_surge: IntOrString) -> DeploymentStrategy {
    let rolling_update =
        RollingUpdateDeployment { max_unavailable: Some(max_unavailable), max_surge: Some(max_surge) };
    DeploymentStrategy { type_: Some("RollingUpdate".into()), rolling_update: Some(rolling_update) }
}
