//! Machines, the sets that make them and the pools that configure them.

use serde_json::{Value, json};

use crate::{
    Fault, SampleArchive,
    files::Files,
    nodes::{Node, Role},
    random::Random,
};

pub(crate) fn add(sample: &SampleArchive, nodes: &[Node], files: &mut Files) {
    let mut random = sample.random("machines");
    for role in [Role::ControlPlane, Role::Worker] {
        let count = nodes.iter().filter(|node| node.role == role).count();
        files.json(
            format!("config/machineconfigpools/{}.json", role.name()),
            &pool(sample, role, count, &mut random),
        );
        for name in machine_config_names(role) {
            let config = machine_config(sample, role, &name, &mut random);
            files.json(format!("config/machineconfigs/{name}.json"), &config);
        }
    }
    for node in nodes {
        let name = node.name.split('.').next().unwrap_or_default();
        files.json(
            format!("config/machines/openshift-machine-api/{name}.json"),
            &machine(sample, node, name, &mut random),
        );
    }
    let workers = nodes.iter().filter(|node| node.role == Role::Worker).count();
    for zone in ["a", "b", "c"] {
        let name = format!("sample-x7k2q-worker-{zone}");
        let path = format!("machinesets/openshift-machine-api/{name}.json");
        files.json(path, &machine_set(sample, &name, workers / 3, &mut random));
    }
    let path = "config/machinehealthchecks/openshift-machine-api/workers.json";
    files.json(path, &machine_health_check(sample, &mut random));
}

/// Returns the names of the configurations that a pool joins.
fn machine_config_names(role: Role) -> [String; 5] {
    ["00-{}", "01-{}-container-runtime", "01-{}-kubelet", "99-{}-generated-registries", "99-{}-ssh"]
        .map(|template| template.replace("{}", role.name()))
}

/// Returns a `MachineConfig` as the Insights Operator records it: without the content of files and keys, and with fields that are null.
fn machine_config(sample: &SampleArchive, role: Role, name: &str, random: &mut Random) -> Value {
    json!({
        "apiVersion": "machineconfiguration.openshift.io/v1",
        "kind": "MachineConfig",
        "metadata": {
            "name": name,
            "uid": random.uuid(),
            "generation": 1,
            "creationTimestamp": sample.minutes_ago(90 * 24 * 60),
            "labels": { "machineconfiguration.openshift.io/role": role.name() },
        },
        "spec": {
            "baseOSExtensionsContainerImage": "",
            "config": { "ignition": { "version": "3.4.0" }, "passwd": { "users": null }, "storage": { "files": null } },
            "extensions": null,
            "fips": false,
            "kernelArguments": null,
            "kernelType": "default",
            "osImageURL": "",
        },
    })
}

fn pool(sample: &SampleArchive, role: Role, machines: usize, random: &mut Random) -> Value {
    let name = role.name();
    let rendered = format!("rendered-{name}-{:016x}{:016x}", random.next(), random.next());
    let is_degraded = role == Role::Worker && sample.has(Fault::MachineConfigPoolDegraded);
    let degraded = usize::from(is_degraded);
    let source: Vec<_> = machine_config_names(role)
        .map(|name| json!({ "apiVersion": "machineconfiguration.openshift.io/v1", "kind": "MachineConfig", "name": name }))
        .into();
    json!({
        "apiVersion": "machineconfiguration.openshift.io/v1",
        "kind": "MachineConfigPool",
        "metadata": {
            "name": name,
            "uid": random.uuid(),
            "generation": 6,
            "creationTimestamp": sample.minutes_ago(90 * 24 * 60),
            "labels": { "machineconfiguration.openshift.io/mco-built-in": "" },
        },
        "spec": {
            "configuration": { "name": rendered, "source": source },
            "machineConfigSelector": { "matchLabels": { "machineconfiguration.openshift.io/role": name } },
            "nodeSelector": { "matchLabels": { format!("node-role.kubernetes.io/{name}"): "" } },
            "paused": false,
        },
        "status": {
            "conditions": pool_conditions(sample, &rendered, is_degraded),
            "configuration": { "name": rendered, "source": source },
            "degradedMachineCount": degraded,
            "machineCount": machines,
            "observedGeneration": 6,
            "readyMachineCount": machines.saturating_sub(degraded),
            "unavailableMachineCount": degraded,
            "updatedMachineCount": machines.saturating_sub(degraded),
        },
    })
}

fn pool_conditions(sample: &SampleArchive, rendered: &str, is_degraded: bool) -> Value {
    let since = sample.minutes_ago(14 * 24 * 60);
    let condition = |kind: &str, status: &str, message: &str| json!({ "type": kind, "status": status, "lastTransitionTime": since, "reason": "", "message": message });
    let updated = format!("All nodes are updated with {rendered}");
    let degraded = if is_degraded {
        json!({
            "type": "NodeDegraded", "status": "True", "lastTransitionTime": sample.minutes_ago(80), "reason": "1 nodes are reporting degraded status on sync",
            "message": "Node worker-0.sample.example.com is reporting: \"unexpected on-disk state validating against the rendered config\"",
        })
    } else {
        condition("NodeDegraded", "False", "")
    };
    json!([
        condition("RenderDegraded", "False", ""),
        degraded,
        condition("Degraded", if is_degraded { "True" } else { "False" }, ""),
        condition(
            "Updated",
            if is_degraded { "False" } else { "True" },
            if is_degraded { "" } else { &updated }
        ),
        condition("Updating", "False", ""),
    ])
}

fn machine(sample: &SampleArchive, node: &Node, name: &str, random: &mut Random) -> Value {
    json!({
        "apiVersion": "machine.openshift.io/v1beta1",
        "kind": "Machine",
        "metadata": {
            "name": name,
            "namespace": "openshift-machine-api",
            "uid": random.uuid(),
            "creationTimestamp": sample.minutes_ago(90 * 24 * 60),
            "labels": {
                "machine.openshift.io/cluster-api-cluster": "sample-x7k2q",
                "machine.openshift.io/cluster-api-machine-role": node.role.name(),
            },
        },
        "spec": { "lifecycleHooks": {}, "providerID": format!("vsphere://{}", random.uuid()), "providerSpec": { "value": provider_spec() } },
        "status": {
            "addresses": [{ "address": node.address, "type": "InternalIP" }, { "address": node.name, "type": "Hostname" }],
            "conditions": [
                { "type": "Drainable", "status": "True", "lastTransitionTime": sample.minutes_ago(90 * 24 * 60) },
                { "type": "InstanceExists", "status": "True", "lastTransitionTime": sample.minutes_ago(90 * 24 * 60) },
                { "type": "Terminable", "status": "True", "lastTransitionTime": sample.minutes_ago(90 * 24 * 60) },
            ],
            "lastUpdated": sample.minutes_ago(3 * 24 * 60),
            "nodeRef": { "kind": "Node", "name": node.name, "uid": random.uuid() },
            "phase": "Running",
        },
    })
}

fn machine_set(sample: &SampleArchive, name: &str, replicas: usize, random: &mut Random) -> Value {
    json!({
        "apiVersion": "machine.openshift.io/v1beta1",
        "kind": "MachineSet",
        "metadata": { "name": name, "namespace": "openshift-machine-api", "uid": random.uuid(), "generation": 2 },
        "spec": {
            "replicas": replicas,
            "selector": { "matchLabels": { "machine.openshift.io/cluster-api-machineset": name } },
            "template": { "spec": { "providerSpec": { "value": provider_spec() } } },
        },
        "status": {
            "availableReplicas": replicas, "fullyLabeledReplicas": replicas, "observedGeneration": 2, "readyReplicas": replicas,
            "replicas": replicas, "lastUpdated": sample.minutes_ago(3 * 24 * 60),
        },
    })
}

fn machine_health_check(sample: &SampleArchive, random: &mut Random) -> Value {
    json!({
        "apiVersion": "machine.openshift.io/v1beta1",
        "kind": "MachineHealthCheck",
        "metadata": {
            "name": "workers", "namespace": "openshift-machine-api", "uid": random.uuid(), "generation": 1,
            "creationTimestamp": sample.minutes_ago(90 * 24 * 60),
        },
        "spec": {
            "maxUnhealthy": "40%",
            "nodeStartupTimeout": "10m",
            "selector": { "matchLabels": { "machine.openshift.io/cluster-api-machine-role": "worker" } },
            "unhealthyConditions": [
                { "type": "Ready", "status": "False", "timeout": "300s" },
                { "type": "Ready", "status": "Unknown", "timeout": "300s" },
            ],
        },
    })
}

fn provider_spec() -> Value {
    json!({
        "apiVersion": "machine.openshift.io/v1beta1",
        "kind": "VSphereMachineProviderSpec",
        "credentialsSecret": { "name": "vsphere-cloud-credentials" },
        "diskGiB": 120,
        "memoryMiB": 32768,
        "network": { "devices": [{ "networkName": "sample-segment" }] },
        "numCPUs": 8,
        "numCoresPerSocket": 4,
        "template": "sample-x7k2q-rhcos-generated-region-generated-zone",
        "userDataSecret": { "name": "worker-user-data" },
        "workspace": { "datacenter": "dc-1", "datastore": "/dc-1/datastore/nvme", "folder": "/dc-1/vm/sample-x7k2q", "server": "vcenter.example.com" },
    })
}
