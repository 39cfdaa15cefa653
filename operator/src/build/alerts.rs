//! Alerts, as a PrometheusRule: each states the problem, its duration, and the first thing to check.

use serde_json::{Value, json};

use crate::{
    build::{metrics::Metrics, monitor::monitoring_metadata},
    model::{
        kind::Kind,
        object::Extension,
        resources::{Child, Stage},
        validated::{Activity, Optional, ValidatedPipeline},
    },
};

/// The severity of an alert.
#[derive(Clone, Copy)]
enum Severity {
    /// Reports of all clusters are lost or late: act now.
    Critical,
    /// The problem will grow, or concerns a few clusters: act today.
    Warning,
}

struct Alert {
    name: &'static str,
    expression: String,
    lasts: &'static str,
    severity: Severity,
    summary: &'static str,
    advice: &'static str,
}

/// A suspended pipeline has no alerts.
pub(super) fn children(pipeline: &ValidatedPipeline) -> Vec<Child> {
    let is_wanted = pipeline.monitoring.alerts == Optional::Present && pipeline.activity == Activity::Running;
    if !is_wanted {
        return Vec::new();
    }
    let metrics = Metrics::new(pipeline);
    let alerts = [pipeline_alerts(&metrics), writer_alerts(&metrics), api_alerts(&metrics)];
    let rules: Vec<Value> = alerts.iter().flatten().map(|alert| rule(pipeline, alert)).collect();
    let name = format!("{}-{}", pipeline.namespace, pipeline.name);
    let object = Extension {
        kind: Kind::PrometheusRule,
        metadata: monitoring_metadata(pipeline),
        spec: json!({"groups": [{"name": name, "rules": rules}]}),
    };
    vec![Child::new(None, Stage::Monitoring, object)]
}

fn pipeline_alerts(metrics: &Metrics) -> Vec<Alert> {
    let lag = metrics.pipeline("lag_records");
    let unavailable = metrics.pipeline("object_storage_unavailable");
    let letters = metrics.pipeline("dead_letters_total");
    let faults = metrics.pipeline("rule_faults_total");
    vec![
        Alert {
            name: "CcxPipelineLagGrows",
            expression: format!("sum({lag}) > 100 and sum(deriv({lag}[15m])) > 0"),
            lasts: "15m",
            severity: Severity::Warning,
            summary: "The lag of data-pipeline keeps growing",
            advice: "Check whether all data-pipeline pods are ready. If they use all of their CPU, add replicas, up to the number of partitions of the topic.",
        },
        Alert {
            name: "CcxObjectStorageUnavailable",
            expression: format!("max({unavailable}) == 1"),
            lasts: "5m",
            severity: Severity::Critical,
            summary: "Archives can't be downloaded",
            advice: "Check the condition ObjectStorageReachable of the CcxPipeline, and whether the endpoint of spec.objectStorage responds.",
        },
        Alert {
            name: "CcxPipelineDeadLetters",
            expression: format!("sum by (class) (increase({letters}[30m])) > 10"),
            lasts: "0m",
            severity: Severity::Warning,
            summary: "Many announcements are dead-lettered",
            advice: "List them with `ccx dlq list`. Class bug is an error of this software; bad-input is invalid input.",
        },
        Alert {
            name: "CcxRuleFails",
            expression: format!("sum by (rule) (increase({faults}[1h])) > 0"),
            lasts: "0m",
            severity: Severity::Warning,
            summary: "A rule fails on archives; other rules are not affected",
            advice: "Search the data-pipeline logs for the rule. Until it is fixed, disable it by spec.dataPipeline.rules.disabledRules.",
        },
    ]
}

fn writer_alerts(metrics: &Metrics) -> Vec<Alert> {
    let active = metrics.writer("active");
    let lag = metrics.writer("consumer_lag");
    let letters = metrics.writer("dead_letters");
    let reports = metrics.writer("written_reports");
    vec![
        Alert {
            name: "CcxWriterDown",
            expression: format!("sum({active}) < 1 or absent({active})"),
            lasts: "5m",
            severity: Severity::Critical,
            summary: "No writer stores results",
            advice: "Check the insights-results-db-writer pod, and whether the database accepts its connections.",
        },
        Alert {
            name: "CcxWriterLagGrows",
            expression: format!("sum({lag}) > 1000 and sum(deriv({lag}[15m])) > 0"),
            lasts: "15m",
            severity: Severity::Warning,
            summary: "The lag of the writer keeps growing",
            advice: "Check the load and the latency of the database.",
        },
        Alert {
            name: "CcxWriterDeadLetters",
            expression: format!("sum by (class) (increase({letters}[30m])) > 10"),
            lasts: "0m",
            severity: Severity::Warning,
            summary: "Many results are dead-lettered",
            advice: "List them with `ccx dlq list`. Class bug is an error of this software; bad-input is invalid input.",
        },
        Alert {
            name: "CcxNoReports",
            expression: format!("sum(increase({reports}[3h])) == 0"),
            lasts: "10m",
            severity: Severity::Critical,
            summary: "No report was stored for three hours",
            advice: "Check in this order: uploads in the bucket, announcements in Kafka, the conditions of the CcxPipeline.",
        },
    ]
}

fn api_alerts(metrics: &Metrics) -> Vec<Alert> {
    let failures = metrics.aggregator_with("api_endpoints_status_codes", r#"status_code=~"5..""#);
    let answers = metrics.aggregator("api_endpoints_status_codes");
    let announced = metrics.aggregator("report_announcements_received");
    vec![
        Alert {
            name: "CcxApiFails",
            expression: format!("sum(rate({failures}[5m])) > 0.01 * sum(rate({answers}[5m]))"),
            lasts: "5m",
            severity: Severity::Critical,
            summary: "More than 1 % of the API's responses are server errors",
            advice: "Check the logs of insights-results-aggregator, and whether the database responds.",
        },
        Alert {
            name: "CcxApiCacheDisabled",
            expression: format!("min({announced}) == 0"),
            lasts: "10m",
            severity: Severity::Warning,
            summary: "An aggregator pod receives no notifications of new reports, and so caches no responses",
            advice: "Connect to the database directly, or through a connection pooler in session mode: LISTEN needs a session.",
        },
    ]
}

fn rule(pipeline: &ValidatedPipeline, alert: &Alert) -> Value {
    let severity = match alert.severity {
        Severity::Critical => "critical",
        Severity::Warning => "warning",
    };
    json!({
        "alert": alert.name,
        "expr": alert.expression,
        "for": alert.lasts,
        "labels": {"severity": severity, "namespace": pipeline.namespace, "ccx_pipeline": pipeline.name.as_str()},
        "annotations": {"summary": alert.summary, "description": alert.advice, "runbook_url": runbook_url(alert)},
    })
}

/// Returns the address of the section of an alert in `docs/runbooks.md`.
fn runbook_url(alert: &Alert) -> String {
    format!("{}/blob/main/docs/runbooks.md#{}", env!("CARGO_PKG_REPOSITORY"), alert.name.to_ascii_lowercase())
}
