//! The insights operator's report about its own gathering.

use serde_json::{Value, json};

use crate::{SampleArchive, files::Files};

/// The gatherers and how many records each made.
const GATHERERS: [(&str, u64); 16] = [
    ("clusterconfig/active_alerts", 1),
    ("clusterconfig/authentication", 1),
    ("clusterconfig/config_maps", 12),
    ("clusterconfig/dvo_metrics", 0),
    ("clusterconfig/infrastructures", 1),
    ("clusterconfig/ingress", 1),
    ("clusterconfig/machine_config_pools", 2),
    ("clusterconfig/machine_sets", 3),
    ("clusterconfig/metrics", 1),
    ("clusterconfig/networks", 1),
    ("clusterconfig/nodes", 6),
    ("clusterconfig/operators", 32),
    ("clusterconfig/operators_pods_and_events", 120),
    ("clusterconfig/proxies", 1),
    ("clusterconfig/version", 2),
    ("conditional/conditional_gatherer_rules", 1),
];

pub(crate) fn add(sample: &SampleArchive, files: &mut Files) {
    files.json("insights-operator/gathers.json", &gathers(sample));
    files.json("insights-operator/remote-configuration.json", &remote_configuration());
}

fn gathers(sample: &SampleArchive) -> Value {
    let mut random = sample.random("gatherers");
    let report = |(name, records): (&str, u64)| {
        json!({
            "name": name, "duration_in_ms": 5 + random.below(400), "records_count": records, "errors": null, "warnings": null, "panic": null,
        })
    };
    let reports: Vec<_> = GATHERERS.into_iter().map(report).collect();
    json!({
        "status_reports": reports,
        "memory_alloc_bytes": 60_000_000 + random.below(9_000_000),
        "uptime_seconds": 1_200_000.5,
        "is_global_obfuscation_enabled": false,
    })
}

fn remote_configuration() -> Value {
    json!({
        "version": "1.1.1",
        "conditional_gathering_rules": [{
            "conditions": [{ "type": "alert_is_firing", "alert": { "name": "APIRemovedInNextReleaseInUse" } }],
            "gathering_functions": { "api_request_counts_of_resource_from_alert": { "alert_name": "APIRemovedInNextReleaseInUse" } },
        }],
        "container_logs": [{ "namespace": "openshift-kube-apiserver", "pod_name_regex": "kube-apiserver-.*", "messages": ["error"] }],
    })
}
