//! PodMonitor or ServiceMonitor, by which Prometheus discovers the workloads.
//!
//! Fields: <https://prometheus-operator.dev/docs/api-reference/api/>.

use kube::core::ObjectMeta;
use serde_json::json;

use crate::{
    build::{metadata::metadata, pod::HEALTH_PORT_NAME},
    model::{
        component::Component,
        kind::Kind,
        names::{PIPELINE_LABEL, ROLE_LABEL},
        object::Extension,
        resources::{Child, Stage},
        validated::{ScrapeBy, ValidatedPipeline},
    },
};

/// The role of the monitor.
const ROLE: &str = "monitoring";

pub(super) fn children(pipeline: &ValidatedPipeline) -> Vec<Child> {
    match pipeline.monitoring.scrape {
        ScrapeBy::PodMonitor => vec![child(pipeline, Kind::PodMonitor, "podMetricsEndpoints")],
        ScrapeBy::ServiceMonitor => vec![child(pipeline, Kind::ServiceMonitor, "endpoints")],
        ScrapeBy::Annotations | ScrapeBy::Nothing => Vec::new(),
    }
}

/// Returns metadata with the labels by which a Prometheus selects monitors and rules.
pub(super) fn monitoring_metadata(pipeline: &ValidatedPipeline) -> ObjectMeta {
    let ours = metadata(pipeline, ROLE);
    let mut labels = pipeline.monitoring.labels.clone();
    labels.extend(ours.labels.unwrap_or_default());
    ObjectMeta { labels: Some(labels), ..ours }
}

fn child(pipeline: &ValidatedPipeline, kind: Kind, endpoints: &str) -> Child {
    let components: Vec<_> = pipeline.workloads().map(Component::name).collect();
    let spec = json!({
        "selector": {
            "matchLabels": {PIPELINE_LABEL: pipeline.name.as_str()},
            "matchExpressions": [{"key": ROLE_LABEL, "operator": "In", "values": components}],
        },
        endpoints: [{"port": HEALTH_PORT_NAME, "path": "/metrics", "interval": pipeline.monitoring.interval}],
    });
    Child::new(None, Stage::Monitoring, Extension { kind, metadata: monitoring_metadata(pipeline), spec })
}
