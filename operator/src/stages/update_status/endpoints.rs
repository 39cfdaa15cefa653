//! The addresses of the API and of the services that it depends on.

use ccx_crds::Endpoints;

use crate::{
    build::exposure::origin,
    cache::{PipelineObjects, status::ChildStatus},
    model::{component::Component, kind::Kind, validated::ValidatedPipeline},
};

/// Returns the addresses. A host that the spec does not have is the one that the controller of the exposure
/// reports.
pub(crate) fn endpoints(pipeline: &ValidatedPipeline, objects: &PipelineObjects) -> Endpoints {
    let prefix = pipeline.aggregator.config.api_prefix.trim_end_matches('/');
    let database = &pipeline.database.config;
    let service = Component::Aggregator.object_name(pipeline.name.as_str());
    let port = Component::Aggregator.port();
    let public = pipeline.public_api.as_ref();
    let smart_proxy = Component::SmartProxy.object_name(pipeline.name.as_str());
    let public_origin = public.map(|api| {
        let inside =
            || format!("http://{smart_proxy}.{}.svc:{}", pipeline.namespace, Component::SmartProxy.port());
        origin(&api.exposure, api.reported_host.as_deref()).unwrap_or_else(inside)
    });
    let upload_origin = pipeline.uploads.as_ref().and(public).map(|api| {
        let ingress = Component::Ingress.object_name(pipeline.name.as_str());
        let inside = || format!("http://{ingress}.{}.svc:{}", pipeline.namespace, Component::Ingress.port());
        origin(&api.exposure, api.reported_host.as_deref()).unwrap_or_else(inside)
    });
    Endpoints {
        public_api: public
            .zip(public_origin.as_ref())
            .map(|(api, origin)| format!("{origin}{}", api.config.config.api_prefix.trim_end_matches('/'))),
        page: public_origin.map(|origin| format!("{origin}/openshift/insights/advisor/clusters")),
        upload: upload_origin.map(|origin| format!("{origin}/api/ingress/v1/upload")),
        api: Some(format!("http://{service}.{}.svc:{port}{prefix}", pipeline.namespace)),
        external: origin(&pipeline.aggregator.exposure, reported_host(&service, objects))
            .map(|origin| format!("{origin}{prefix}")),
        // A Strimzi Kafka that is not ready has no servers yet.
        kafka: Some(bounded(&pipeline.kafka.config.bootstrap_servers)).filter(|servers| !servers.is_empty()),
        database: Some(format!("{}:{}/{}", database.host, database.port, database.name)),
    }
}

/// Joins the servers that fit into the field of the status.
fn bounded(servers: &[String]) -> String {
    const MAX_BYTES: usize = 4096;
    let mut joined = String::new();
    for server in servers {
        let separator = if joined.is_empty() { "" } else { "," };
        if joined.len() + separator.len() + server.len() > MAX_BYTES {
            break;
        }
        joined = format!("{joined}{separator}{server}");
    }
    joined
}

/// Returns the host that the controller of a Route or Ingress reports.
pub(crate) fn reported_host<'a>(name: &str, objects: &'a PipelineObjects) -> Option<&'a str> {
    [Kind::Route, Kind::Ingress].into_iter().find_map(|kind| match objects.status(kind, name)? {
        ChildStatus::Controller(report) => report.host.as_deref(),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_beyond_the_limit_of_the_status_are_left_out() {
        let servers: Vec<String> = (0..64).map(|number| format!("{number:0250}:9092")).collect();
        let joined = bounded(&servers);
        assert!(joined.len() <= 4096 && servers.join(",").starts_with(&joined) && joined.ends_with(":9092"));
    }
}
