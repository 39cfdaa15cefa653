//! Monitors, alerts and dashboards.

use ccx_operator::model::{
    component::Component,
    kind::Kind,
    references::{Capabilities, References},
};
use serde_json::{Value, json};

use crate::sample::{self, children, names, object, pod};

#[test]
fn pod_monitor_selects_the_three_workloads() {
    let monitor = object(
        &children(&json!({"monitoring": {"interval": "1m", "labels": {"release": "p"}}})),
        Kind::PodMonitor,
        "ccx-monitoring",
    );
    assert_eq!(monitor["metadata"]["labels"]["release"], "p");
    assert_eq!(
        monitor["spec"]["podMetricsEndpoints"],
        json!([{"port": "health", "path": "/metrics", "interval": "1m"}])
    );
    let components = json!(["data-pipeline", "insights-results-db-writer", "insights-results-aggregator"]);
    assert_eq!(monitor["spec"]["selector"]["matchExpressions"][0]["values"], components);
}

#[test]
fn service_monitors_get_a_service_for_each_workload() {
    let children = children(&json!({"monitoring": {"scrape": "ServiceMonitor"}}));
    assert_eq!(names(&children, Kind::ServiceMonitor), ["ccx-monitoring"]);
    let services = names(&children, Kind::Service);
    let expected = [
        "ccx-insights-results-aggregator",
        "ccx-data-pipeline",
        "ccx-insights-results-db-writer",
        "ccx-data-pipeline-db",
    ];
    assert_eq!(services, expected);
}

#[test]
fn pods_have_scrape_annotations_without_monitor_kinds() {
    let pipeline = sample::pipeline(&json!({}));
    let mut references = sample::references(&pipeline);
    references.capabilities = Capabilities::default();
    let children = sample::children_with(&pipeline, &references);
    let annotations = &pod(&children, Component::DbWriter)["metadata"]["annotations"];
    assert_eq!(annotations["prometheus.io/scrape"], "true");
    assert_eq!(
        (&annotations["prometheus.io/port"], &annotations["prometheus.io/path"]),
        (&json!("8001"), &json!("/metrics"))
    );
    assert_eq!(names(&children, Kind::PodMonitor), [""; 0]);
    assert_eq!(names(&children, Kind::PrometheusRule), [""; 0]);
}

#[test]
fn alerts_select_this_resource_and_have_advice() {
    let children = children(&json!({"dbWriter": {"metricsNamespace": "w"}}));
    let rule = object(&children, Kind::PrometheusRule, "ccx-monitoring");
    let alerts = rule["spec"]["groups"][0]["rules"].as_array().unwrap().clone();
    assert!(alerts.len() >= 10);
    for alert in &alerts {
        assert!(alert["expr"].as_str().unwrap().contains(r#"{namespace="insights",pod=~"ccx-"#), "{alert}");
        assert!(alert["annotations"]["description"].as_str().unwrap().len() > 20, "{alert}");
    }
    let silent = alerts.iter().find(|alert| alert["alert"] == "CcxNoReports").unwrap();
    let pods = r#"{namespace="insights",pod=~"ccx-insights-results-db-writer-.+"}"#;
    assert_eq!(silent["expr"], format!("sum(increase(w_written_reports{pods}[3h])) == 0"));
}

#[test]
fn suspended_resource_has_no_alerts() {
    assert_eq!(names(&children(&json!({"suspend": true})), Kind::PrometheusRule), [""; 0]);
}

#[test]
fn enabled_dashboard_is_json_for_grafana() {
    assert_eq!(
        names(&children(&json!({})), Kind::ConfigMap)
            .iter()
            .filter(|name| name.contains("dashboard"))
            .count(),
        0
    );
    let children = children(&json!({"monitoring": {"dashboards": {"presence": "Enabled"}}}));
    let config_map = object(&children, Kind::ConfigMap, "ccx-dashboard");
    assert_eq!(config_map["metadata"]["labels"]["grafana_dashboard"], "1");
    let dashboard: Value =
        serde_json::from_str(config_map["data"]["insights-ccx.json"].as_str().unwrap()).unwrap();
    assert_eq!(dashboard["title"], "CCX data pipeline: insights/ccx");
    let panels = dashboard["panels"].as_array().unwrap();
    assert!(
        panels
            .iter()
            .all(|panel| panel["targets"][0]["expr"].as_str().is_some_and(|query| !query.is_empty()))
    );
    assert_eq!(panels[4]["gridPos"], json!({"x": 8, "y": 8, "w": 8, "h": 8}));
}

#[test]
fn discovered_monitor_changes_no_pod_template() {
    let pipeline = sample::pipeline(&json!({}));
    let mut references = sample::references(&pipeline);
    let template =
        |references: &References| pod(&sample::children_with(&pipeline, references), Component::DbWriter);
    let with_monitors = template(&references);
    references.capabilities = Capabilities::default();
    assert_eq!(template(&references), with_monitors);
}
