//! The pods in which `ccx` runs.

mod overrides;
mod probe;

use std::{collections::BTreeMap, time::Duration};

use k8s_openapi::api::core::v1::{
    Container, ContainerPort, EnvVar, LocalObjectReference, PodSpec, PodTemplateSpec, ResourceRequirements,
};
use kube::core::ObjectMeta;

use crate::{
    build::{config_map, program::Program, security, security::CCX_USER, volume},
    model::{
        component::Component,
        names,
        validated::{Image, Mount, MountSource, Optional, Pods, ValidatedPipeline},
    },
};

/// The name of the port of the API.
pub(super) const API_PORT_NAME: &str = "http";

/// The name of the port on which a workload serves health and metrics.
pub(super) const HEALTH_PORT_NAME: &str = "health";

/// The mount path of the configuration file.
const CONFIG_FOLDER: &str = "/etc/ccx/config";

/// The margin of the grace period beyond the shutdown timeout, for leaving the Service and the consumer
/// group.
const STOP_MARGIN: Duration = Duration::from_secs(20);

pub(super) use overrides::apply as with_overrides;
use overrides::spread;

/// Returns the pod of a Job or CronJob, with the overrides of the writer: nodes, tolerations, annotations, labels,
/// priority and variables.
pub(super) fn job_pod(
    pipeline: &ValidatedPipeline,
    program: &Program<'_>,
    resources: ResourceRequirements,
) -> PodTemplateSpec {
    let container = container(pipeline, program, &pipeline.jobs, resources);
    let spec = PodSpec {
        restart_policy: Some("Never".into()),
        ..pod_spec(pipeline, program, &pipeline.jobs, container)
    };
    let metadata = labelled(pipeline, program.role, BTreeMap::new());
    let ours = PodTemplateSpec { metadata: Some(metadata), spec: Some(spec) };
    overrides::apply(ours, &pipeline.db_writer.pods.template)
}

/// Returns the pod of a component.
pub(super) fn component_pod(
    pipeline: &ValidatedPipeline,
    component: Component,
    program: &Program<'_>,
    pods: &Pods,
) -> PodTemplateSpec {
    let mut container = container(pipeline, program, &pods.image, pods.resources.clone());
    container.ports = Some(ports(component));
    container.startup_probe = Some(probe::startup());
    container.readiness_probe = Some(probe::readiness());
    container.liveness_probe = Some(probe::liveness());
    container.lifecycle = component.has_api().then(probe::leave);
    let spec = PodSpec {
        termination_grace_period_seconds: Some(grace_seconds(pods.shutdown_timeout)),
        ..pod_spec(pipeline, program, &pods.image, container)
    };
    let mut annotations = program.fingerprints();
    if pipeline.monitoring.annotations == Optional::Present {
        annotations.extend(scrape_annotations(component));
    }
    let metadata = labelled(pipeline, program.role, annotations);
    let ours = PodTemplateSpec { metadata: Some(metadata), spec: Some(spec) };
    spread(overrides::apply(ours, &pods.template), component.selector(pipeline.name.as_str()))
}

/// Returns labels and annotations of a pod.
pub(super) fn labelled(
    pipeline: &ValidatedPipeline,
    role: &str,
    annotations: BTreeMap<String, String>,
) -> ObjectMeta {
    ObjectMeta {
        labels: Some(names::labels(pipeline.name.as_str(), role)),
        annotations: (!annotations.is_empty()).then_some(annotations),
        ..ObjectMeta::default()
    }
}

/// Returns the pull secrets of an image.
pub(super) fn pull_secrets(image: &Image) -> Option<Vec<LocalObjectReference>> {
    let reference = |name: &String| LocalObjectReference { name: name.clone() };
    (!image.pull_secrets.is_empty()).then(|| image.pull_secrets.iter().map(reference).collect())
}

fn pod_spec(
    pipeline: &ValidatedPipeline,
    program: &Program<'_>,
    image: &Image,
    container: Container,
) -> PodSpec {
    let config = config_mount(pipeline, program);
    let mounts = [&config].into_iter().chain(program.mounts.iter().copied());
    PodSpec {
        service_account_name: Some(names::object_name(pipeline.name.as_str(), program.role)),
        automount_service_account_token: Some(program.needs_token),
        enable_service_links: Some(false),
        security_context: Some(security::pod(pipeline.platform, CCX_USER)),
        image_pull_secrets: pull_secrets(image),
        containers: vec![container],
        volumes: Some(mounts.map(volume::volume).collect()),
        ..PodSpec::default()
    }
}

fn container(
    pipeline: &ValidatedPipeline,
    program: &Program<'_>,
    image: &Image,
    resources: ResourceRequirements,
) -> Container {
    let config = config_mount(pipeline, program);
    let mounts = [&config].into_iter().chain(program.mounts.iter().copied());
    let config_file = variable("CCX_CONFIG", &format!("{CONFIG_FOLDER}/{}", config_map::FILE));
    Container {
        name: program.role.to_owned(),
        image: Some(image.reference.clone()),
        image_pull_policy: Some(image.pull_policy.to_owned()),
        args: Some(program.arguments.clone()),
        env: Some([config_file].into_iter().chain(program.variables.iter().copied().cloned()).collect()),
        resources: Some(resources),
        security_context: Some(security::container()),
        termination_message_policy: Some("FallbackToLogsOnError".into()),
        volume_mounts: Some(mounts.map(volume::volume_mount).collect()),
        ..Container::default()
    }
}

fn config_mount(pipeline: &ValidatedPipeline, program: &Program<'_>) -> Mount {
    let source = MountSource::ConfigMap { name: config_map::name(pipeline, program), files: Vec::new() };
    Mount { volume: "config".into(), path: CONFIG_FOLDER.into(), source }
}

fn variable(name: &str, value: &str) -> EnvVar {
    EnvVar { name: name.to_owned(), value: Some(value.to_owned()), value_from: None }
}

fn ports(component: Component) -> Vec<ContainerPort> {
    let port = |name: &str, number: u16| ContainerPort {
        name: Some(name.into()),
        container_port: number.into(),
        protocol: Some("TCP".into()),
        ..ContainerPort::default()
    };
    let api = (component == Component::Aggregator).then(|| port(API_PORT_NAME, component.port()));
    api.into_iter().chain([port(HEALTH_PORT_NAME, component.health_port())]).collect()
}

fn scrape_annotations(component: Component) -> [(String, String); 3] {
    [
        ("scrape", "true".to_owned()),
        ("port", component.health_port().to_string()),
        ("path", "/metrics".to_owned()),
    ]
    .map(|(key, value)| (format!("prometheus.io/{key}"), value))
}

fn grace_seconds(shutdown_timeout: Duration) -> i64 {
    let grace = shutdown_timeout + STOP_MARGIN;
    i64::try_from(grace.as_secs()).unwrap_or(i64::MAX) + i64::from(grace.subsec_nanos() > 0)
}
