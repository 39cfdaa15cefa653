//! Where things are.

use ccx_crds::Endpoints;

use crate::model::{
    component::Component,
    kind::Kind,
    resources::{Child, Children},
    validated::ValidatedPipeline,
};

/// The addresses, as far as they follow from what is wanted: a host that the cluster chooses is not among them.
pub(crate) fn endpoints(pipeline: &ValidatedPipeline, children: &Children) -> Endpoints {
    let prefix = pipeline.aggregator.config.api_prefix.trim_end_matches('/');
    let database = &pipeline.database.config;
    let service =
        children.find(Kind::Service, &Component::Aggregator.object_name(&pipeline.name.to_string()));
    let port = Component::Aggregator.port();
    Endpoints {
        api: service.map(|it| format!("http://{}.{}.svc:{port}{prefix}", it.name(), it.namespace())),
        external: children.iter().find_map(host).map(|(scheme, host)| format!("{scheme}://{host}{prefix}")),
        // A Kafka of Strimzi that is not ready has none yet.
        kafka: Some(pipeline.kafka.config.bootstrap_servers.join(",")).filter(|servers| !servers.is_empty()),
        database: Some(format!("{}:{}/{}", database.host, database.port, database.name)),
    }
}

/// Scheme and host of what leads into the cluster.
fn host(child: &Child) -> Option<(&'static str, String)> {
    let spec = &child.object.data["spec"];
    let host = match child.kind {
        Kind::Ingress => &spec["rules"][0]["host"],
        Kind::Route => &spec["host"],
        Kind::HttpRoute => &spec["hostnames"][0],
        _ => return None,
    };
    // A gateway's listener decides about TLS; one that is open to the world has it.
    let is_encrypted = child.kind == Kind::HttpRoute || !spec["tls"].is_null();
    Some((if is_encrypted { "https" } else { "http" }, host.as_str()?.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::resources::Stage;

    fn host_of(kind: Kind, spec: &Value) -> Option<(&'static str, String)> {
        host(&Child::new(kind, None, Stage::Exposure, &json!({"spec": spec})))
    }

    #[test]
    fn each_way_into_the_cluster_tells_its_host() {
        let host = "ccx.example.com".to_owned();
        let ingress = host_of(Kind::Ingress, &json!({"rules": [{"host": host}]}));
        assert_eq!(ingress, Some(("http", host.clone())));
        let route = host_of(Kind::Route, &json!({"host": host, "tls": {"termination": "edge"}}));
        assert_eq!(route, Some(("https", host.clone())));
        assert_eq!(host_of(Kind::HttpRoute, &json!({"hostnames": [host]})), Some(("https", host)));
    }

    #[test]
    fn a_host_that_the_cluster_chooses_is_not_known() {
        assert_eq!(host_of(Kind::Route, &json!({})), None);
        assert_eq!(host_of(Kind::Service, &json!({"host": "x"})), None);
    }
}
