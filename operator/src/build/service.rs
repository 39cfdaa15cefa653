//! The Service of the API, and those that a ServiceMonitor needs.

use k8s_openapi::{
    api::core::v1::{Service, ServicePort, ServiceSpec},
    apimachinery::pkg::util::intstr::IntOrString,
};

use crate::{
    build::{
        metadata::metadata,
        pod::{API_PORT_NAME, HEALTH_PORT_NAME},
    },
    model::{
        component::Component,
        resources::{Child, Stage},
        validated::{ScrapeBy, ValidatedPipeline},
    },
};

pub(super) fn children(pipeline: &ValidatedPipeline) -> Vec<Child> {
    let is_scraped = pipeline.monitoring.scrape == ScrapeBy::ServiceMonitor;
    let (apis, others): (Vec<_>, Vec<_>) = pipeline.workloads().partition(|component| component.has_api());
    let services = apis.into_iter().chain(others).map(|component| (component, ports(component, is_scraped)));
    let services = services.filter(|(_, ports)| !ports.is_empty());
    services.map(|(component, ports)| child(pipeline, component, &ports)).collect()
}

/// Returns name and number of the port on which a component serves its API.
pub(super) fn served_port(component: Component) -> (&'static str, u16) {
    let is_shared = component.port() == component.health_port();
    (if is_shared { HEALTH_PORT_NAME } else { API_PORT_NAME }, component.port())
}

fn ports(component: Component, is_scraped: bool) -> Vec<(&'static str, u16)> {
    let health = (HEALTH_PORT_NAME, component.health_port());
    let mut ports: Vec<_> = component.has_api().then(|| served_port(component)).into_iter().collect();
    if is_scraped && !ports.contains(&health) {
        ports.push(health);
    }
    ports
}

fn child(pipeline: &ValidatedPipeline, component: Component, ports: &[(&str, u16)]) -> Child {
    Child::new(component, Stage::Foundation, service(pipeline, component, ports))
}

/// Returns a Service for ports of the component, each with its name.
pub(super) fn service(pipeline: &ValidatedPipeline, component: Component, ports: &[(&str, u16)]) -> Service {
    let port = |&(name, number): &(&str, u16)| ServicePort {
        name: Some(name.to_owned()),
        port: number.into(),
        protocol: Some("TCP".into()),
        target_port: Some(IntOrString::String(name.to_owned())),
        ..ServicePort::default()
    };
    let spec = ServiceSpec {
        type_: Some("ClusterIP".into()),
        selector: Some(component.selector(pipeline.name.as_str())),
        ports: Some(ports.iter().map(port).collect()),
        ..ServiceSpec::default()
    };
    Service { metadata: metadata(pipeline, component.name()), spec: Some(spec), ..Service::default() }
}
