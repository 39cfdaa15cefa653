//! The nodes.

use serde_json::{Value, json};

use crate::{Fault, SampleArchive, files::Files, operators::OPERATORS, random::Random};

/// A node of the sample cluster.
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) address: String,
}

/// The role of a node.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    ControlPlane,
    Worker,
}

impl Role {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ControlPlane => "master",
            Self::Worker => "worker",
        }
    }
}

impl Node {
    /// All nodes: up to three of the control plane, then workers.
    pub(crate) fn all(sample: &SampleArchive) -> Vec<Self> {
        const CONTROL_PLANE_NODES: usize = 3;
        let node = |number: usize| {
            let (role, number_in_role) = match number.checked_sub(CONTROL_PLANE_NODES) {
                None => (Role::ControlPlane, number),
                Some(worker) => (Role::Worker, worker),
            };
            Self {
                name: format!("{}-{number_in_role}.sample.example.com", role.name()),
                role,
                address: format!("10.0.{}.{}", 1 + number / 200, 10 + number % 200),
            }
        };
        (0..sample.nodes.max(1)).map(node).collect()
    }
}

pub(crate) fn add(sample: &SampleArchive, nodes: &[Node], files: &mut Files) {
    let mut random = sample.random("nodes");
    let images = images(sample);
    for (position, node) in nodes.iter().enumerate() {
        // The last one, so that faults rather hit a worker.
        let is_faulty = position + 1 == nodes.len();
        let node_json = json!({
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": metadata(sample, node, &mut random),
            "spec": spec(node, &mut random),
            "status": {
                "addresses": [
                    { "address": node.address, "type": "InternalIP" },
                    { "address": node.name, "type": "Hostname" },
                ],
                "allocatable": resources(is_faulty && sample.has(Fault::NodesMinimumRequirementsNotMet)),
                "capacity": resources(is_faulty && sample.has(Fault::NodesMinimumRequirementsNotMet)),
                "conditions": conditions(sample, is_faulty && sample.has(Fault::NodeNotReady)),
                "daemonEndpoints": { "kubeletEndpoint": { "Port": 10250 } },
                "images": images,
                "nodeInfo": node_info(&mut random),
            },
        });
        files.json(format!("config/node/{}.json", node.name), &node_json);
    }
}

fn metadata(sample: &SampleArchive, node: &Node, random: &mut Random) -> Value {
    let rendered = format!("rendered-{}-{:016x}{:016x}", node.role.name(), random.next(), random.next());
    let role_label = format!("node-role.kubernetes.io/{}", node.role.name());
    let mut metadata = json!({
        "name": node.name,
        "uid": random.uuid(),
        "resourceVersion": (1_000_000 + random.below(900_000)).to_string(),
        "creationTimestamp": sample.minutes_ago(90 * 24 * 60),
        "labels": {
            "beta.kubernetes.io/arch": "amd64",
            "beta.kubernetes.io/os": "linux",
            "kubernetes.io/arch": "amd64",
            "kubernetes.io/hostname": node.name,
            "kubernetes.io/os": "linux",
            "node.openshift.io/os_id": "rhcos",
        },
        "annotations": {
            "machineconfiguration.openshift.io/controlPlaneTopology": "HighlyAvailable",
            "machineconfiguration.openshift.io/currentConfig": rendered,
            "machineconfiguration.openshift.io/desiredConfig": rendered,
            "machineconfiguration.openshift.io/reason": "",
            "machineconfiguration.openshift.io/state": "Done",
            "volumes.kubernetes.io/controller-managed-attach-detach": "true",
        },
    });
    metadata["labels"][role_label] = "".into();
    metadata
}

fn spec(node: &Node, random: &mut Random) -> Value {
    let provider_id = format!("vsphere://{}", random.uuid());
    match node.role {
        Role::ControlPlane => {
            json!({ "providerID": provider_id, "taints": [{ "effect": "NoSchedule", "key": "node-role.kubernetes.io/master" }] })
        }
        Role::Worker => json!({ "providerID": provider_id }),
    }
}

fn resources(is_too_small: bool) -> Value {
    let (cpu, memory) = if is_too_small { ("1", "6042332Ki") } else { ("8", "32849056Ki") };
    json!({
        "cpu": cpu, "memory": memory, "ephemeral-storage": "125293548Ki", "hugepages-1Gi": "0", "hugepages-2Mi": "0", "pods": "250",
    })
}

fn conditions(sample: &SampleArchive, is_unreachable: bool) -> Value {
    let condition = |kind: &str, healthy: &str, reason: &str, message: &str| {
        let since = sample.minutes_ago(14 * 24 * 60);
        if is_unreachable {
            json!({
                "type": kind, "status": "Unknown", "reason": "NodeStatusUnknown", "message": "Kubelet stopped posting node status.",
                "lastHeartbeatTime": sample.minutes_ago(46), "lastTransitionTime": sample.minutes_ago(45),
            })
        } else {
            json!({
                "type": kind, "status": healthy, "reason": reason, "message": message,
                "lastHeartbeatTime": sample.minutes_ago(1), "lastTransitionTime": since,
            })
        }
    };
    json!([
        condition(
            "MemoryPressure",
            "False",
            "KubeletHasSufficientMemory",
            "kubelet has sufficient memory available"
        ),
        condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        condition("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
    ])
}

/// The images that a node has pulled, much the same on every node.
fn images(sample: &SampleArchive) -> Vec<Value> {
    let mut random = sample.random("images");
    let image = |_| {
        let digest = random.sha256();
        json!({
            "names": [
                format!("quay.io/openshift-release-dev/ocp-v4.0-art-dev@sha256:{digest}"),
                "quay.io/openshift-release-dev/ocp-v4.0-art-dev:<none>",
            ],
            "sizeBytes": 200_000_000 + random.below(900_000_000),
        })
    };
    OPERATORS.iter().map(image).collect()
}

fn node_info(random: &mut Random) -> Value {
    json!({
        "architecture": "amd64",
        "bootID": random.uuid(),
        "containerRuntimeVersion": "cri-o://1.35.2-3.rhaos4.22.git79c6e19.el9",
        "kernelVersion": "5.14.0-570.59.1.el9_6.x86_64",
        "kubeProxyVersion": "v1.35.2",
        "kubeletVersion": "v1.35.2",
        "machineID": format!("{:016x}{:016x}", random.next(), random.next()),
        "operatingSystem": "linux",
        "osImage": "Red Hat Enterprise Linux CoreOS 9.6.20260528-0",
        "systemUUID": random.uuid(),
    })
}
