//! Merges the overrides of a user into a pod template.

use std::collections::BTreeMap;

use ccx_crds::PodTemplate;
use k8s_openapi::{
    api::core::v1::{EnvVar, PodSpec, PodTemplateSpec, TopologySpreadConstraint},
    apimachinery::pkg::apis::meta::v1::LabelSelector,
};
use kube::core::ObjectMeta;

/// Returns the pod template with the overrides of the user.
pub(in crate::build) fn apply(ours: PodTemplateSpec, theirs: &PodTemplate) -> PodTemplateSpec {
    let metadata = metadata(ours.metadata.unwrap_or_default(), theirs);
    PodTemplateSpec { metadata: Some(metadata), spec: ours.spec.map(|spec| pod_spec(spec, theirs)) }
}

/// Spreads the pods with the labels of `selector` over nodes and zones if possible, unless the user sets
/// other constraints.
pub(super) fn spread(mut pod: PodTemplateSpec, selector: BTreeMap<String, String>) -> PodTemplateSpec {
    let selector = LabelSelector { match_labels: Some(selector), ..LabelSelector::default() };
    let over = |topology_key: &str| TopologySpreadConstraint {
        max_skew: 1,
        topology_key: topology_key.to_owned(),
        when_unsatisfiable: "ScheduleAnyway".into(),
        label_selector: Some(selector.clone()),
        // Pods of each revision are spread among themselves.
        match_label_keys: Some(vec!["pod-template-hash".into()]),
        ..TopologySpreadConstraint::default()
    };
    if let Some(spec) = &mut pod.spec {
        let ours = || ["kubernetes.io/hostname", "topology.kubernetes.io/zone"].map(over).into();
        spec.topology_spread_constraints.get_or_insert_with(ours);
    }
    pod
}

/// Labels of the operator take precedence, since Deployments, Services and NetworkPolicies select by them. So
/// do digests.
fn metadata(ours: ObjectMeta, theirs: &PodTemplate) -> ObjectMeta {
    ObjectMeta {
        labels: merged(theirs.labels.clone(), ours.labels),
        annotations: merged(theirs.annotations.clone(), ours.annotations),
        ..ours
    }
}

fn merged(
    mut theirs: BTreeMap<String, String>,
    ours: Option<BTreeMap<String, String>>,
) -> Option<BTreeMap<String, String>> {
    theirs.extend(ours.unwrap_or_default());
    (!theirs.is_empty()).then_some(theirs)
}

fn pod_spec(mut ours: PodSpec, theirs: &PodTemplate) -> PodSpec {
    if let Some(container) = ours.containers.first_mut() {
        let variables = variables(container.env.take().unwrap_or_default(), &theirs.extra_env);
        container.env = (!variables.is_empty()).then_some(variables);
    }
    PodSpec {
        node_selector: (!theirs.node_selector.is_empty()).then(|| theirs.node_selector.clone()),
        affinity: theirs.affinity.clone(),
        tolerations: non_empty(&theirs.tolerations),
        topology_spread_constraints: non_empty(&theirs.topology_spread_constraints),
        priority_class_name: theirs.priority_class_name.clone(),
        ..ours
    }
}

fn variables(mut ours: Vec<EnvVar>, theirs: &[EnvVar]) -> Vec<EnvVar> {
    ours.retain(|variable| theirs.iter().all(|other| other.name != variable.name));
    ours.extend(theirs.iter().cloned());
    ours
}

fn non_empty<T: Clone>(list: &[T]) -> Option<Vec<T>> {
    (!list.is_empty()).then(|| list.to_vec())
}
