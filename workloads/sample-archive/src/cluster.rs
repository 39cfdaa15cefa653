//! The cluster as a whole: its id and version.

use serde_json::{Value, json};

use crate::{Fault, SampleArchive, files::Files};

pub(crate) fn add(sample: &SampleArchive, files: &mut Files) {
    files.text("config/id", sample.cluster_id.to_string());
    files.json("config/version.json", &cluster_version(sample));
    files.json("config/infrastructure.json", &infrastructure(sample));
}

/// The version that the cluster came from: the patch before.
pub(crate) fn previous_version(version: &str) -> String {
    let before = version.rsplit_once('.').and_then(|(minor, patch)| {
        let patch: u64 = patch.parse().ok()?;
        Some(format!("{minor}.{}", patch.checked_sub(1)?))
    });
    before.unwrap_or_else(|| version.to_owned())
}

fn cluster_version(sample: &SampleArchive) -> Value {
    let version = &sample.version;
    let previous = previous_version(version);
    let minor = version.rsplit_once('.').map_or(version.as_str(), |(minor, _)| minor);
    let channel = format!("stable-{minor}");
    json!({
        "apiVersion": "config.openshift.io/v1",
        "kind": "ClusterVersion",
        "metadata": {
            "name": "version",
            "uid": sample.random("version").uuid(),
            "resourceVersion": "1829481",
            "generation": 4,
            "creationTimestamp": sample.minutes_ago(90 * 24 * 60),
        },
        "spec": { "clusterID": sample.cluster_id, "channel": channel, "desiredUpdate": { "version": version, "image": sample.release_image(version), "force": false } },
        "status": {
            "desired": {
                "version": version,
                "image": sample.release_image(version),
                "url": format!("https://access.redhat.com/errata/RHSA-2026:{}", 1000 + sample.random("errata").below(900)),
                "channels": [format!("candidate-{minor}"), format!("fast-{minor}"), channel],
            },
            "history": [
                {
                    "state": "Completed", "version": version, "image": sample.release_image(version), "verified": true,
                    "startedTime": sample.minutes_ago(14 * 24 * 60), "completionTime": sample.minutes_ago(14 * 24 * 60 - 71),
                },
                {
                    "state": "Completed", "version": previous, "image": sample.release_image(&previous), "verified": false,
                    "startedTime": sample.minutes_ago(90 * 24 * 60), "completionTime": sample.minutes_ago(90 * 24 * 60 - 48),
                },
            ],
            "observedGeneration": 4,
            "versionHash": "kRzQeTkUZyA=",
            "capabilities": { "enabledCapabilities": ["Console", "Insights", "Storage", "marketplace", "openshift-samples"] },
            "conditions": conditions(sample),
            "availableUpdates": null,
        },
    })
}

fn conditions(sample: &SampleArchive) -> Value {
    let since = sample.minutes_ago(14 * 24 * 60 - 71);
    let failing = if sample.has(Fault::ClusterVersionFailing) {
        json!({
            "type": "Failing", "status": "True", "lastTransitionTime": sample.minutes_ago(190), "reason": "UpdatePayloadFailed",
            "message": "Could not update deployment \"openshift-console-operator/console-operator\" (512 of 903)",
        })
    } else {
        json!({ "type": "Failing", "status": "False", "lastTransitionTime": since })
    };
    json!([
        { "type": "RetrievedUpdates", "status": "True", "lastTransitionTime": since },
        { "type": "Upgradeable", "status": "True", "lastTransitionTime": since },
        { "type": "ImplicitlyEnabledCapabilities", "status": "False", "lastTransitionTime": since, "reason": "AsExpected",
          "message": "Capabilities match configured spec" },
        { "type": "ReleaseAccepted", "status": "True", "lastTransitionTime": since, "reason": "PayloadLoaded",
          "message": format!("Payload loaded version=\"{}\"", sample.version) },
        { "type": "Available", "status": "True", "lastTransitionTime": since, "message": format!("Done applying {}", sample.version) },
        failing,
        { "type": "Progressing", "status": "False", "lastTransitionTime": since, "message": format!("Cluster version is {}", sample.version) },
    ])
}

fn infrastructure(sample: &SampleArchive) -> Value {
    // Samples are told apart by their domains. The ids of some differ in their ends only.
    let id = sample.cluster_id.to_string();
    let domain = format!("sample-{}.example.com", &id[id.len() - 8..]);
    json!({
        "apiVersion": "config.openshift.io/v1",
        "kind": "Infrastructure",
        "metadata": { "name": "cluster", "uid": sample.random("infrastructure").uuid() },
        "spec": { "cloudConfig": { "key": "config", "name": "cloud-provider-config" }, "platformSpec": { "type": "VSphere" } },
        "status": {
            "apiServerInternalURI": format!("https://api-int.{domain}:6443"),
            "apiServerURL": format!("https://api.{domain}:6443"),
            "controlPlaneTopology": "HighlyAvailable",
            "infrastructureName": "sample-x7k2q",
            "infrastructureTopology": "HighlyAvailable",
            "platform": "VSphere",
            "platformStatus": { "type": "VSphere", "vsphere": { "apiServerInternalIPs": ["10.0.0.2"], "ingressIPs": ["10.0.0.3"] } },
        },
    })
}
