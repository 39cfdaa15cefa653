//! `config/alerts.json`: the alerts that are firing.

use serde_json::{Value, json};

use crate::{Fault, SampleArchive, files::Files};

pub(crate) fn add(sample: &SampleArchive, files: &mut Files) {
    let mut alerts = vec![
        alert(sample, "Watchdog", "none", "openshift-monitoring", "The alerting pipeline works."),
        alert(
            sample,
            "InsightsRecommendationActive",
            "info",
            "openshift-insights",
            "An Insights recommendation is active.",
        ),
        alert(
            sample,
            "PodDisruptionBudgetAtLimit",
            "warning",
            "openshift-ingress",
            "A disruption budget allows no more disruption.",
        ),
    ];
    if sample.has(Fault::CriticalAlertFiring) {
        let summary = "A persistent volume is almost full.";
        alerts.push(alert(
            sample,
            "KubePersistentVolumeFillingUp",
            "critical",
            "openshift-monitoring",
            summary,
        ));
    }
    if sample.has(Fault::EtcdSlowDisk) {
        let summary = "The disk of an etcd member is slow.";
        alerts.push(alert(sample, "etcdHighFsyncDurations", "warning", "openshift-etcd", summary));
    }
    files.json("config/alerts.json", &alerts.into());
    files.json("config/silenced_alerts.json", &json!([]));
}

fn alert(sample: &SampleArchive, name: &str, severity: &str, namespace: &str, summary: &str) -> Value {
    json!({
        "labels": {
            "alertname": name,
            "namespace": namespace,
            "openshift_io_alert_source": "platform",
            "prometheus": "openshift-monitoring/k8s",
            "severity": severity,
        },
        "annotations": { "summary": summary, "description": format!("{summary} The object is in the namespace {namespace}.") },
        "startsAt": sample.minutes_ago(120),
        "updatedAt": sample.minutes_ago(1),
        "endsAt": sample.minutes_ago(-3),
        "fingerprint": format!("{:016x}", sample.random(name).next()),
        "receivers": [{ "name": "Default" }],
        "status": { "inhibitedBy": [], "silencedBy": [], "state": "active" },
    })
}
