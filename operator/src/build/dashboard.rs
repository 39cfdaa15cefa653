//! A Grafana dashboard, as a ConfigMap that Grafana's sidecar finds by its labels.

use k8s_openapi::api::core::v1::ConfigMap;
use kube::core::ObjectMeta;
use serde_json::{Value, json};

use crate::{
    build::{metadata::metadata, metrics::Metrics},
    model::{
        resources::{Child, Stage},
        validated::ValidatedPipeline,
    },
};

/// The role of the ConfigMap.
const ROLE: &str = "dashboard";

/// Grafana's grid has 24 columns; three panels fill a row.
const PANEL_WIDTH: usize = 8;
const PANEL_HEIGHT: usize = 8;
const PANELS_PER_ROW: usize = 3;

struct Panel {
    title: &'static str,
    unit: &'static str,
    query: String,
    legend: &'static str,
}

pub(super) fn children(pipeline: &ValidatedPipeline) -> Vec<Child> {
    let child = |labels| Child::new(None, Stage::Monitoring, config_map(pipeline, labels));
    pipeline.monitoring.dashboard_labels.clone().map(child).into_iter().collect()
}

fn config_map(
    pipeline: &ValidatedPipeline,
    mut labels: std::collections::BTreeMap<String, String>,
) -> ConfigMap {
    let ours = metadata(pipeline, ROLE);
    labels.extend(ours.labels.clone().unwrap_or_default());
    let file = format!("{}-{}.json", pipeline.namespace, pipeline.name);
    ConfigMap {
        metadata: ObjectMeta { labels: Some(labels), ..ours },
        data: Some([(file, format!("{:#}", dashboard(pipeline)))].into()),
        ..ConfigMap::default()
    }
}

fn dashboard(pipeline: &ValidatedPipeline) -> Value {
    let panels: Vec<Value> =
        panels(&Metrics::new(pipeline)).iter().enumerate().map(|(at, panel)| draw(at, panel)).collect();
    json!({
        "title": format!("CCX data pipeline: {}/{}", pipeline.namespace, pipeline.name),
        "uid": crate::model::digest::Digest::default().field(&pipeline.namespace).field(pipeline.name.as_str()).finish(),
        "tags": ["ccx"],
        "schemaVersion": 39,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [{"name": "datasource", "type": "datasource", "query": "prometheus"}]},
        "panels": panels,
    })
}

fn panels(metrics: &Metrics) -> Vec<Panel> {
    let panel = |title, unit, query, legend| Panel { title, unit, query, legend };
    let rate = |series: String| format!("sum(rate({series}[5m]))");
    let sum = |series: String| format!("sum({series})");
    let by = |label: &str, series: String| format!("sum by ({label}) (rate({series}[5m]))");
    let letters = metrics.pipeline("dead_letters_total");
    let latency = metrics.aggregator("api_endpoints_response_time_bucket");
    vec![
        panel("Announcements that wait", "short", sum(metrics.pipeline("lag_records")), ""),
        panel("Archives in memory", "bytes", sum(metrics.pipeline("bytes_in_flight")), ""),
        panel("Dead letters of announcements", "ops", by("class", letters), "{{class}}"),
        panel(
            "Time spent in rules",
            "percentunit",
            by("rule", metrics.pipeline("rule_seconds_total")),
            "{{rule}}",
        ),
        panel("Failures of rules", "ops", by("rule", metrics.pipeline("rule_faults_total")), "{{rule}}"),
        panel(
            "Object storage unavailable",
            "short",
            format!("max({})", metrics.pipeline("object_storage_unavailable")),
            "",
        ),
        panel("Reports stored", "ops", rate(metrics.writer("written_reports")), ""),
        panel("Results that wait", "short", sum(metrics.writer("consumer_lag")), ""),
        panel("Dead letters of results", "ops", by("class", metrics.writer("dead_letters")), "{{class}}"),
        panel(
            "Requests",
            "reqps",
            by("endpoint", metrics.aggregator("api_endpoints_requests")),
            "{{endpoint}}",
        ),
        panel(
            "Answers",
            "reqps",
            by("status_code", metrics.aggregator("api_endpoints_status_codes")),
            "{{status_code}}",
        ),
        panel(
            "Time to answer, 99 %",
            "µs",
            format!("histogram_quantile(0.99, sum by (le) (rate({latency}[5m])))"),
            "",
        ),
    ]
}

fn draw(at: usize, panel: &Panel) -> Value {
    let datasource = json!({"type": "prometheus", "uid": "${datasource}"});
    json!({
        "id": at + 1,
        "type": "timeseries",
        "title": panel.title,
        "datasource": datasource,
        "gridPos": {
            "x": at % PANELS_PER_ROW * PANEL_WIDTH, "y": at / PANELS_PER_ROW * PANEL_HEIGHT,
            "w": PANEL_WIDTH, "h": PANEL_HEIGHT,
        },
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [{"refId": "A", "datasource": datasource, "expr": panel.query, "legendFormat": panel.legend}],
    })
}
