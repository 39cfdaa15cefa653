//! PodDisruptionBudgets of components with several pods.
//!
//! The writer and the database have one pod each: a budget would block the drain of their node.

use k8s_openapi::{
    api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec},
    apimachinery::pkg::{apis::meta::v1::LabelSelector, util::intstr::IntOrString},
};

use crate::{
    build::metadata::metadata,
    model::{
        component::Component,
        resources::{Child, Stage},
        validated::ValidatedPipeline,
    },
};

pub(super) fn children(pipeline: &ValidatedPipeline) -> Vec<Child> {
    let budget = |component: Component| match component {
        Component::DataPipeline => Some(IntOrString::String("25%".into())),
        _ if component.has_api() => Some(IntOrString::Int(1)),
        _ => None,
    };
    pipeline
        .workloads()
        .filter_map(|component| Some(child(pipeline, component, budget(component)?)))
        .collect()
}

fn child(pipeline: &ValidatedPipeline, component: Component, max_unavailable: IntOrString) -> Child {
    let spec = PodDisruptionBudgetSpec {
        max_unavailable: Some(max_unavailable),
        selector: Some(LabelSelector {
            match_labels: Some(component.selector(pipeline.name.as_str())),
            ..LabelSelector::default()
        }),
        // An unready pod does not block a drain.
        unhealthy_pod_eviction_policy: Some("AlwaysAllow".into()),
        ..PodDisruptionBudgetSpec::default()
    };
    let budget = PodDisruptionBudget {
        metadata: metadata(pipeline, component.name()),
        spec: Some(spec),
        ..Default::default()
    };
    Child::new(component, Stage::Foundation, budget)
}
