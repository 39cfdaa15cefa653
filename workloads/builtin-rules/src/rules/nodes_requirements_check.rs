//! Nodes with less memory or fewer CPUs than the minimum requirements of OpenShift.

use serde::Serialize;

use super::{meta, non_empty, serialize_number};
use ccx_rules::{
    ClusterKind, Context, Response, Rule, RuleMeta,
    documents::{NODES, Node, Role, parse_quantity},
};

const KEY: &str = "NODES_MINIMUM_REQUIREMENTS_NOT_MET";
const LINK: &str = "https://docs.openshift.com/container-platform/latest/installing/installing_bare_metal/\
                    installing-bare-metal.html#installation-minimum-resource-requirements_installing-bare-metal";

/// In units of 10^9 bytes: the firmware reserves a part of a machine's 16 GiB, which still meets the
/// requirement.
const BYTES_PER_GB: f64 = 1e9;

pub(super) struct NodesRequirementsCheck;

#[derive(Serialize)]
struct Details<'a> {
    affected_nodes: Vec<SmallNode<'a>>,
    link: &'static str,
    is_hosted: bool,
}

#[derive(Serialize)]
struct SmallNode<'a> {
    name: &'a str,
    role: &'static str,
    #[serde(flatten)]
    memory: Option<ShortOfMemory>,
    #[serde(flatten)]
    cpu: Option<ShortOfCpu>,
}

#[derive(Serialize)]
struct ShortOfMemory {
    #[serde(rename = "memory", serialize_with = "serialize_number")]
    gb: f64,
    #[serde(rename = "memory_req", serialize_with = "serialize_number")]
    required_gb: f64,
}

#[derive(Serialize)]
struct ShortOfCpu {
    #[serde(rename = "cpu", serialize_with = "serialize_number")]
    count: f64,
    #[serde(rename = "cpu_req", serialize_with = "serialize_number")]
    required: f64,
}

impl Rule for NodesRequirementsCheck {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules_ocp.external.rules.nodes_requirements_check", KEY)
            .requires(NODES)
            .adapts_to(ClusterKind::WindowsNodes, "Windows nodes are excluded")
            .adapts_to(ClusterKind::TwoNode, "arbiter nodes are excluded")
            .adapts_to(ClusterKind::HostedControlPlane, "the text names the NodePool")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let affected_nodes = non_empty(context.within_budget(context.nodes()).filter_map(small_node))?;
        let is_hosted = context.is_kind(ClusterKind::HostedControlPlane);
        Some(Response::hit(KEY, &Details { affected_nodes, link: LINK, is_hosted }))
    }
}

fn small_node<'a>(node: &'a Node<'_>) -> Option<SmallNode<'a>> {
    let role = node.role();
    let (required_cpus, required_gb) = match role {
        _ if node.is_windows() => return None,
        Role::ControlPlane => (4.0, 16.0),
        Role::Worker => (2.0, 8.0),
        Role::Arbiter => return None,
    };
    let gb = parse_quantity(&node.status.capacity.memory).map(|bytes| bytes / BYTES_PER_GB);
    let memory = gb
        .filter(|&gb| gb < required_gb)
        .map(|gb| ShortOfMemory { gb: (gb * 100.0).floor() / 100.0, required_gb });
    let count = parse_quantity(&node.status.capacity.cpu);
    let cpu = count
        .filter(|&count| count < required_cpus)
        .map(|count| ShortOfCpu { count, required: required_cpus });
    let is_small = memory.is_some() || cpu.is_some();
    is_small.then(|| SmallNode { name: &node.metadata.name, role: role.as_str(), memory, cpu })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn node(role: &str, cpu: &str, memory: &str) -> Value {
        let label = format!("node-role.kubernetes.io/{role}");
        json!({"metadata": {"name": "n", "labels": {label: ""}}, "status": {"capacity": {"cpu": cpu, "memory": memory}}})
    }

    fn ask_about(node: Value) -> Answer {
        ask(NodesRequirementsCheck, &[("config/node/n.json", node)])
    }

    #[test]
    fn missing_resource_is_listed() {
        for (node, listed) in [
            (
                node("master", "4", "8153256Ki"),
                json!({"name": "n", "role": "master", "memory": 8.34, "memory_req": 16}),
            ),
            (
                node("control-plane", "3500m", "16Gi"),
                json!({"name": "n", "role": "master", "cpu": 3.5, "cpu_req": 4}),
            ),
            (
                node("worker", "1", "7G"),
                json!({"name": "n", "role": "worker", "memory": 7, "memory_req": 8, "cpu": 1, "cpu_req": 2}),
            ),
        ] {
            assert_eq!(
                ask_about(node),
                Answer::Hit(json!({"affected_nodes": [listed], "link": LINK, "is_hosted": false}))
            );
        }
    }

    #[test]
    fn memory_reserved_by_firmware_is_tolerated() {
        assert_eq!(ask_about(node("master", "4", "16409932Ki")), Answer::Miss);
        assert_eq!(ask_about(node("worker", "2", "8G")), Answer::Miss);
    }

    #[test]
    fn arbiter_and_windows_nodes_are_silent() {
        assert_eq!(ask_about(node("arbiter", "2", "8Gi")), Answer::Miss);
        let mut windows = node("worker", "1", "4Gi");
        windows["metadata"]["labels"]["kubernetes.io/os"] = json!("windows");
        assert_eq!(ask_about(windows), Answer::Miss);
    }

    #[test]
    fn unknown_capacity_is_silent() {
        assert_eq!(ask_about(node("master", "", "lots")), Answer::Miss);
        assert_eq!(ask(NodesRequirementsCheck, &[]), Answer::skip_all(&["nodes"]));
    }
}
