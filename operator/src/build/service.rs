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
        kind::Kind,
        resources::{Child, Stage},
        validated::{ScrapeBy, ValidatedPipeline},
    },
};

pub(super) fn children(pipeline: &ValidatedPipeline) -> Vec<Child> {
    let is_scraped = pipeline.monitoring.scrape == ScrapeBy::ServiceMonitor;
    let health = |component: Component| (HEALTH_PORT_NAME, component.health_port());
    let api = (API_PORT_NAME, Component::Aggregator.port());
    let api_ports: Vec<_> =
        [api].into_iter().chain(is_scraped.then(|| health(Component::Aggregator))).collect();
    let mut services = vec![(Component::Aggregator, api_ports)];
    if is_scraped {
        services.extend([Component::DataPipeline, Component::DbWriter].map(|it| (it, vec![health(it)])));
    }
    services.iter().map(|(component, ports)| child(pipeline, *component, ports)).collect()
}

fn child(pipeline: &ValidatedPipeline, component: Component, ports: &[(&str, u16)]) -> Child {
    Child::new(Kind::Service, component, Stage::Foundation, &service(pipeline, component, ports))
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
