//! Control planes with too few or too many nodes.

use chrono::TimeDelta;
use serde::Serialize;

use super::meta;
use ccx_rules::{
    ClusterKind, Context, Response, Rule, RuleMeta,
    documents::{CLUSTER_VERSION, INFRASTRUCTURE, INSTALL_CONFIG, MinorVersion, NODES, Node, Role},
};

const KEY: &str = "CONTROL_PLANE_NODE_REPLICAS";
const REPLICAS: u32 = 3;
const MAX_REPLICAS_OF_NEW_RELEASES: usize = 5;

/// The first release that supports four and five nodes.
const MORE_NODES_SINCE: MinorVersion = MinorVersion::new(4, 18);

/// Duration for which a control plane machine set may run the old and the new machine in parallel.
const MAX_REPLACEMENT: TimeDelta = TimeDelta::hours(2);

pub(super) struct ControlPlaneReplicas;

#[derive(Serialize)]
struct Details<'a> {
    control_plane_nodes: usize,
    expected: u32,
    nodes: Vec<&'a str>,
}

impl Rule for ControlPlaneReplicas {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules_ocp.external.rules.control_plane_replicas", KEY)
            .requires(NODES)
            .requires(INFRASTRUCTURE)
            .requires(INSTALL_CONFIG)
            .may_read(CLUSTER_VERSION)
            .not_on(ClusterKind::SingleNode, "one node is supported")
            .not_on(ClusterKind::TwoNode, "two nodes are supported")
            .not_on(ClusterKind::HostedControlPlane, "the control plane has no nodes")
            .not_on(ClusterKind::ManagedService, "the provider maintains the control plane")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        if context.infrastructure()?.status.is_empty() {
            return Some(Response::undecided("the infrastructure has no `status`"));
        }
        let are_all_read = context.nodes().len() == context.files(&NODES).len();
        let has_no_labels = |node: &Node<'_>| node.metadata.labels.iter().next().is_none();
        if !are_all_read || context.nodes().iter().any(has_no_labels) {
            return Some(Response::undecided("a node has no labels"));
        }
        // A cluster installed with three nodes has at least three; for other numbers, the archive may lack
        // some nodes.
        let had_three = context.installed_control_plane_nodes() == Some(REPLICAS);
        if !had_three || !context.infrastructure()?.is_highly_available() {
            return None;
        }
        let nodes = context.within_budget(context.nodes()).filter(|node| node.role() == Role::ControlPlane);
        let nodes = nodes.filter(|node| !node.is_being_removed()).collect::<Vec<_>>();
        let is_new =
            |node: &&Node<'_>| !context.has_lasted(&node.metadata.creation_timestamp, MAX_REPLACEMENT);
        if nodes.len() > REPLICAS as usize && nodes.iter().any(is_new) {
            return None;
        }
        let nodes: Vec<&str> = nodes.iter().map(|node| &*node.metadata.name).collect();
        let is_supported = supported(context.minor_version()).contains(&nodes.len());
        (!is_supported).then(|| {
            Response::hit(KEY, &Details { control_plane_nodes: nodes.len(), expected: REPLICAS, nodes })
        })
    }
}

/// Returns the supported numbers of control plane nodes.
fn supported(version: Option<MinorVersion>) -> std::ops::RangeInclusive<usize> {
    let may_be_more = version.is_some_and(|version| version >= MORE_NODES_SINCE);
    let replicas = REPLICAS as usize;
    replicas..=if may_be_more { MAX_REPLICAS_OF_NEW_RELEASES } else { replicas }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    struct Cluster {
        nodes: usize,
        version: &'static str,
        topology: &'static str,
        installed: u32,
    }

    const USUAL: Cluster = Cluster { nodes: 3, version: "4.18.9", topology: "HighlyAvailable", installed: 3 };

    fn ask_about(cluster: &Cluster) -> Answer {
        let node = |name: &str, role: &str| -> (String, Value) {
            let label = format!("node-role.kubernetes.io/{role}");
            (format!("config/node/{name}.json"), json!({"metadata": {"name": name, "labels": {label: ""}}}))
        };
        let mut files: Vec<(String, Value)> =
            (0..cluster.nodes).map(|number| node(&format!("m{number}"), "master")).collect();
        files.push(node("w", "worker"));
        files.push((
            "config/version.json".into(),
            json!({"status": {"desired": {"version": cluster.version}}}),
        ));
        files.push((
            "config/infrastructure.json".into(),
            json!({"status": {"controlPlaneTopology": cluster.topology}}),
        ));
        files.push((
            "config/configmaps/kube-system/cluster-config-v1/install-config".into(),
            json!(format!("controlPlane:\n  replicas: {}\n", cluster.installed)),
        ));
        let files: Vec<_> = files.iter().map(|(path, content)| (&**path, content.clone())).collect();
        ask(ControlPlaneReplicas, &files)
    }

    #[test]
    fn two_nodes_are_a_hit() {
        let details = json!({"control_plane_nodes": 2, "expected": 3, "nodes": ["m0", "m1"]});
        assert_eq!(ask_about(&Cluster { nodes: 2, ..USUAL }), Answer::Hit(details));
    }

    #[test]
    fn four_and_five_nodes_are_supported_since_4_18() {
        for (version, nodes, is_hit) in [
            ("4.17.9", 3, false),
            ("4.17.9", 4, true),
            ("4.18.0", 4, false),
            ("4.18.0", 5, false),
            ("4.18.0", 6, true),
        ] {
            let answer = ask_about(&Cluster { nodes, version, ..USUAL });
            assert_eq!(matches!(answer, Answer::Hit(_)), is_hit, "{version} with {nodes}");
        }
    }

    #[test]
    fn cluster_without_a_topology_is_highly_available() {
        assert!(matches!(ask_about(&Cluster { nodes: 1, topology: "", ..USUAL }), Answer::Hit(_)));
    }

    #[test]
    fn other_topology_is_a_skip_and_other_number_at_installation_is_silent() {
        for topology in ["SingleReplica", "DualReplica", "HighlyAvailableArbiter", "External"] {
            let answer = ask_about(&Cluster { nodes: 1, topology, ..USUAL });
            assert!(matches!(answer, Answer::Skip(_)), "{topology}: {answer:?}");
        }
        assert_eq!(ask_about(&Cluster { nodes: 4, installed: 5, ..USUAL }), Answer::Miss);
    }

    #[test]
    fn replacement_of_a_node_is_silent() {
        let install_config = "config/configmaps/kube-system/cluster-config-v1/install-config";
        let is_hit = |fourth: Value| {
            let node = |name: &str| {
                let labels = json!({"node-role.kubernetes.io/master": ""});
                json!({"metadata": {"name": name, "labels": labels, "creationTimestamp": "2025-01-01T00:00:00Z"}})
            };
            let mut new = node("m3");
            new["metadata"].as_object_mut().unwrap().append(&mut fourth.as_object().unwrap().clone());
            let files = [
                ("config/node/m0.json", node("m0")),
                ("config/node/m1.json", node("m1")),
                ("config/node/m2.json", node("m2")),
                ("config/node/m3.json", new),
                (
                    "config/infrastructure.json",
                    json!({"status": {"controlPlaneTopology": "HighlyAvailable"}}),
                ),
                ("config/version.json", json!({"status": {"desired": {"version": "4.16.9"}}})),
                (install_config, json!("controlPlane: {replicas: 3}\n")),
            ];
            matches!(ask(ControlPlaneReplicas, &files), Answer::Hit(_))
        };
        assert!(!is_hit(json!({"creationTimestamp": "2026-01-15T11:00:00Z"})));
        assert!(!is_hit(json!({"deletionTimestamp": "2026-01-15T11:00:00Z"})));
        assert!(is_hit(json!({"creationTimestamp": "2026-01-15T10:00:00Z"})));
    }

    #[test]
    fn empty_objects_are_a_skip() {
        let install_config = "config/configmaps/kube-system/cluster-config-v1/install-config";
        let highly_available = || json!({"status": {"controlPlaneTopology": "HighlyAvailable"}});
        for (infrastructure, node) in [
            (json!({"status": {}}), json!({"metadata": {"name": "n", "labels": {}}})),
            (highly_available(), json!({"metadata": {}, "status": {}})),
            (highly_available(), json!({"metadata": {"name": "n", "labels": {}}})),
        ] {
            let files = [
                ("config/infrastructure.json", infrastructure),
                ("config/node/n.json", node),
                (install_config, json!("controlPlane: {replicas: 3}\n")),
            ];
            let answer = ask(ControlPlaneReplicas, &files);
            assert!(matches!(answer, Answer::Skip(_)), "{answer:?}");
        }
    }

    #[test]
    fn missing_files_are_a_skip() {
        let missing = ["nodes", "infrastructure", "install_config"];
        assert_eq!(ask(ControlPlaneReplicas, &[]), Answer::skip_all(&missing));
    }
}
