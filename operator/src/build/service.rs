//! The Service of the API, and those that a ServiceMonitor needs.

use k8s_openapi::{
    api::core::v1::{Service, ServicePort, ServiceSpec},
    apimachinery::pkg::util::intstr::IntOrString,
};

use crate::{
    build::{metadata::metadata, pod::PORT_NAME},
    model::{
        component::Component,
        kind::Kind,
        resources::{Child, Stage},
        validated::{ScrapeBy, ValidatedPipeline},
    },
};

pub(super) fn children(pipeline: &ValidatedPipeline) -> Vec<Child> {
    let mut components = vec![Component::Aggregator];
    if pipeline.monitoring.scrape == ScrapeBy::ServiceMonitor {
        components.extend([Component::DataPipeline, Component::DbWriter]);
    }
    components.into_iter().map(|component| child(pipeline, component)).collect()
}

fn child(pipeline: &ValidatedPipeline, component: Component) -> Child {
    Child::new(Kind::Service, component, Stage::Foundation, &service(pipeline, component, PORT_NAME))
}

/// Returns a Service for the port of the component, which has this name.
pub(super) fn service(pipeline: &ValidatedPipeline, component: Component, port_name: &str) -> Service {
    let port = ServicePort {
        name: Some(port_name.to_owned()),
        port: component.port().into(),
        protocol: Some("TCP".into()),
        target_port: Some(IntOrString::String(port_name.to_owned())),
        ..ServicePort::default()
    };
    let spec = ServiceSpec {
        type_: Some("ClusterIP".into()),
        selector: Some(component.selector(pipeline.name.as_str())),
        ports: Some(vec![port]),
        ..ServiceSpec::default()
    };
    Service { metadata: metadata(pipeline, component.name()), spec: Some(spec), ..Service::default() }
}
