//! The addresses of the API and of the services that it depends on.

use ccx_crds::{Endpoints, Exposure, ExposureType, RouteTermination};

use crate::{
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
        external(&api.exposure, reported_host(&smart_proxy, objects)).unwrap_or_else(inside)
    });
    let upload_origin = pipeline.uploads.as_ref().and(public).map(|api| {
        let ingress = Component::Ingress.object_name(pipeline.name.as_str());
        let inside = || format!("http://{ingress}.{}.svc:{}", pipeline.namespace, Component::Ingress.port());
        external(&api.exposure, reported_host(&smart_proxy, objects)).unwrap_or_else(inside)
    });
    Endpoints {
        public_api: public
            .zip(public_origin.as_ref())
            .map(|(api, origin)| format!("{origin}{}", api.config.config.api_prefix.trim_end_matches('/'))),
        page: public_origin.map(|origin| format!("{origin}/openshift/insights/advisor/clusters")),
        upload: upload_origin.map(|origin| format!("{origin}/api/ingress/v1/upload")),
        api: Some(format!("http://{service}.{}.svc:{port}{prefix}", pipeline.namespace)),
        external: external(&pipeline.aggregator.exposure, reported_host(&service, objects))
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
fn reported_host<'a>(name: &str, objects: &'a PipelineObjects) -> Option<&'a str> {
    [Kind::Route, Kind::Ingress].into_iter().find_map(|kind| match objects.status(kind, name)? {
        ChildStatus::Controller(report) => report.host.as_deref(),
        _ => None,
    })
}

/// Returns scheme and host of the exposure.
fn external(exposure: &Exposure, reported_host: Option<&str>) -> Option<String> {
    let is_encrypted = match exposure.kind {
        ExposureType::ClusterIp => return None,
        ExposureType::Route => {
            exposure.route.clone().unwrap_or_default().termination == RouteTermination::Edge
        }
        ExposureType::Ingress => exposure.ingress.as_ref().is_some_and(|it| it.tls_secret_name.is_some()),
        // The listener of the gateway decides; one that is reachable from outside has TLS.
        ExposureType::Gateway => true,
    };
    let scheme = if is_encrypted { "https" } else { "http" };
    let host = exposure.host.as_deref().or(reported_host)?;
    // An address of IPv6 is in brackets.
    Some(if host.contains(':') { format!("{scheme}://[{host}]") } else { format!("{scheme}://{host}") })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn origin(exposure: Value) -> Option<String> {
        external(&serde_json::from_value(exposure).unwrap(), None)
    }

    #[test]
    fn servers_beyond_the_limit_of_the_status_are_left_out() {
        let servers: Vec<String> = (0..64).map(|number| format!("{number:0250}:9092")).collect();
        let joined = bounded(&servers);
        assert!(joined.len() <= 4096 && servers.join(",").starts_with(&joined) && joined.ends_with(":9092"));
    }

    #[test]
    fn external_endpoint_has_scheme_and_host_of_exposure() {
        let host = "ccx.example.com";
        let ingress = origin(json!({"type": "Ingress", "host": host}));
        assert_eq!(ingress.as_deref(), Some("http://ccx.example.com"));
        let with_tls = json!({"type": "Ingress", "host": host, "ingress": {"tlsSecretName": "tls"}});
        assert_eq!(origin(with_tls).as_deref(), Some("https://ccx.example.com"));
        let route = origin(json!({"type": "Route", "host": host}));
        assert_eq!(route.as_deref(), Some("https://ccx.example.com"));
        let gateway = origin(json!({"type": "Gateway", "host": host}));
        assert_eq!(gateway.as_deref(), Some("https://ccx.example.com"));
    }

    #[test]
    fn external_endpoint_without_host_is_absent() {
        assert_eq!(origin(json!({"type": "Route"})), None);
        assert_eq!(origin(json!({"type": "ClusterIP", "host": "x"})), None);
    }

    #[test]
    fn external_endpoint_without_host_has_the_reported_one() {
        let origin = |exposure: Value, host| external(&serde_json::from_value(exposure).unwrap(), Some(host));
        let route = origin(json!({"type": "Route"}), "ccx-ns.apps.example.com");
        assert_eq!(route.as_deref(), Some("https://ccx-ns.apps.example.com"));
        let chosen = origin(json!({"type": "Route", "host": "mine.example.com"}), "other");
        assert_eq!(chosen.as_deref(), Some("https://mine.example.com"));
        let ingress = origin(json!({"type": "Ingress"}), "2001:db8::1");
        assert_eq!(ingress.as_deref(), Some("http://[2001:db8::1]"));
    }
}
