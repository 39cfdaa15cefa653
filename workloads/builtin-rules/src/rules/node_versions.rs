//! Nodes that run another version than most nodes although no update is in progress: one rule for the kubelet
//! and one for the container runtime.

use std::collections::BTreeMap;

use serde::Serialize;

use super::meta;
use ccx_rules::{
    ClusterKind, Context, Response, Rule, RuleMeta,
    documents::{CLUSTER_VERSION, MACHINE_CONFIG_POOLS, MachineConfigPool, NODES, Node},
};

const KUBELET_KEY: &str = "NODE_KUBELET_VERSION";
const RUNTIME_KEY: &str = "NODES_CONTAINER_RUNTIME_VERSION";
const LINK: &str = "https://docs.openshift.com/container-platform/latest/machine_configuration/index.html";

pub(super) struct NodesKubeletVersionCheck;

pub(super) struct NodesContainerRuntimeVersionCheck;

#[derive(Serialize)]
struct KubeletDetails<'a> {
    nodes_with_different_version: Vec<OtherKubelet<'a>>,
    kcs_link: &'static str,
}

#[derive(Serialize)]
struct OtherKubelet<'a> {
    #[serde(rename = "Node")]
    node: &'a str,
    #[serde(rename = "Kubelet Version")]
    version: &'a str,
    role: &'static str,
}

#[derive(Serialize)]
struct RuntimeDetails<'a> {
    nodes_with_different_version: Vec<OtherRuntime<'a>>,
}

#[derive(Serialize)]
struct OtherRuntime<'a> {
    #[serde(rename = "Node")]
    node: &'a str,
    #[serde(rename = "Container Runtime Version")]
    version: &'a str,
    role: &'static str,
}

impl Rule for NodesKubeletVersionCheck {
    fn meta(&self) -> RuleMeta {
        let module = "ccx_rules_ocp.external.rules.nodes_kubelet_version_check";
        version_meta(module, KUBELET_KEY)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let others = nodes_with_other_version(context, |node| &node.status.node_info.kubelet_version)?;
        let nodes_with_different_version = others
            .into_iter()
            .map(|(node, version)| OtherKubelet {
                node: &node.metadata.name,
                version,
                role: node.role().as_str(),
            })
            .collect();
        Some(Response::hit(KUBELET_KEY, &KubeletDetails { nodes_with_different_version, kcs_link: LINK }))
    }
}

impl Rule for NodesContainerRuntimeVersionCheck {
    fn meta(&self) -> RuleMeta {
        let module = "ccx_rules_ocp.external.rules.nodes_container_runtime_version_check";
        version_meta(module, RUNTIME_KEY)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let others =
            nodes_with_other_version(context, |node| &node.status.node_info.container_runtime_version)?;
        let nodes_with_different_version = others
            .into_iter()
            .map(|(node, version)| OtherRuntime {
                node: &node.metadata.name,
                version,
                role: node.role().as_str(),
            })
            .collect();
        Some(Response::hit(RUNTIME_KEY, &RuntimeDetails { nodes_with_different_version }))
    }
}

fn version_meta(module: &str, key: &str) -> RuleMeta {
    meta(module, key)
        .requires(NODES)
        .requires(CLUSTER_VERSION)
        .may_read(MACHINE_CONFIG_POOLS)
        .not_on(ClusterKind::Updating, "versions differ until the last node has restarted")
        .not_on(ClusterKind::HostedControlPlane, "node pools may have different releases")
        .adapts_to(ClusterKind::WindowsNodes, "Windows nodes are compared with each other only")
}

/// Returns the nodes whose version differs from that of most nodes with the same operating system.
///
/// Nodes that are being updated, or belong to a paused pool with a pending configuration, are excluded: their
/// version changes with it.
fn nodes_with_other_version<'c>(
    context: &'c Context<'_>,
    version_of: for<'n> fn(&'n Node<'_>) -> &'n str,
) -> Option<Vec<(&'c Node<'c>, &'c str)>> {
    let waits = |node: &Node<'_>| {
        let pool = context.pool_of(node);
        pool.is_some_and(MachineConfigPool::is_paused_with_pending_configuration)
    };
    let settled =
        context.within_budget(context.nodes()).filter(|node| !node.is_being_configured() && !waits(node));
    let versions = settled.map(|node| (node, version_of(node)));
    let versions: Vec<(&Node<'_>, &str)> = versions.filter(|(_, version)| !version.is_empty()).collect();
    let (windows, linux): (Vec<_>, Vec<_>) = versions.into_iter().partition(|(node, _)| node.is_windows());
    let others: Vec<_> = differing(linux).chain(differing(windows)).collect();
    (!others.is_empty()).then_some(others)
}

/// Returns the nodes without the most common version.
fn differing<'c>(versions: Vec<(&'c Node<'c>, &'c str)>) -> impl Iterator<Item = (&'c Node<'c>, &'c str)> {
    let usual = most_common(versions.iter().map(|(_, version)| without_distribution(version)));
    versions.into_iter().filter(move |(_, version)| Some(without_distribution(version)) != usual)
}

/// Returns a version without the distribution that its package was built for, such as `.el9`: one release has
/// packages for several, and nodes with RHEL or another image stream differ from others in it only.
fn without_distribution(version: &str) -> &str {
    let is_distribution = |suffix: &str| suffix.bytes().all(|byte| byte.is_ascii_digit());
    match version.rsplit_once(".el") {
        Some((version, suffix)) if is_distribution(suffix) => version,
        _ => version,
    }
}

/// Returns the most common version; of equally common ones the newest.
fn most_common<'a>(versions: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for version in versions {
        *counts.entry(version).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(version, count)| (*count, numbers(version))).map(|(version, _)| version)
}

/// Returns the numbers in a version, by which versions are ordered.
fn numbers(version: &str) -> Vec<u64> {
    version
        .split(|character: char| !character.is_ascii_digit())
        .filter_map(|part| part.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn node(name: &str, role: &str, number: &str) -> Value {
        let label = format!("node-role.kubernetes.io/{role}");
        let info = json!({"kubeletVersion": format!("v{number}"), "containerRuntimeVersion": format!("cri-o://{number}")});
        json!({"metadata": {"name": name, "labels": {label: ""}}, "status": {"nodeInfo": info}})
    }

    fn files(versions: [&str; 3], progressing: &str) -> [(&'static str, Value); 4] {
        let condition = json!({"type": "Progressing", "status": progressing});
        [
            ("config/node/a.json", node("a", "master", versions[0])),
            ("config/node/b.json", node("b", "worker", versions[1])),
            ("config/node/c.json", node("c", "worker", versions[2])),
            ("config/version.json", json!({"status": {"conditions": [condition]}})),
        ]
    }

    #[test]
    fn node_with_another_version_is_listed() {
        let files = files(["1.31.1", "1.30.9", "1.31.1"], "False");
        let nodes = json!([{"Node": "b", "Kubelet Version": "v1.30.9", "role": "worker"}]);
        let details = json!({"nodes_with_different_version": nodes, "kcs_link": LINK});
        assert_eq!(ask(NodesKubeletVersionCheck, &files), Answer::Hit(details));
        let nodes = json!([{"Node": "b", "Container Runtime Version": "cri-o://1.30.9", "role": "worker"}]);
        let details = json!({"nodes_with_different_version": nodes});
        assert_eq!(ask(NodesContainerRuntimeVersionCheck, &files), Answer::Hit(details));
    }

    #[test]
    fn newest_of_equally_common_versions_is_the_usual_one() {
        assert_eq!(most_common(["v1.9.0", "v1.10.0"].into_iter()), Some("v1.10.0"));
        assert_eq!(most_common(["v1.9.0", "v1.10.0", "v1.9.0"].into_iter()), Some("v1.9.0"));
        assert_eq!(most_common(std::iter::empty()), None);
    }

    #[test]
    fn equal_or_unknown_versions_are_silent() {
        let files = files(["1.31.1", "1.31.1", "1.31.1"], "False");
        assert_eq!(ask(NodesKubeletVersionCheck, &files), Answer::Miss);
        assert_eq!(ask(NodesContainerRuntimeVersionCheck, &files), Answer::Miss);
        let silent = [("config/node/a.json", json!({"status": {}})), files[1].clone(), files[3].clone()];
        assert_eq!(ask(NodesKubeletVersionCheck, &silent), Answer::Miss);
    }

    #[test]
    fn update_of_the_cluster_or_of_a_pool_is_a_skip() {
        let by_version = files(["1.31.1", "1.30.9", "1.31.1"], "True").to_vec();
        let condition = json!({"type": "Updating", "status": "True"});
        let mut by_pool = files(["1.31.1", "1.30.9", "1.31.1"], "False").to_vec();
        by_pool
            .push(("config/machineconfigpools/worker.json", json!({"status": {"conditions": [condition]}})));
        let why = "Not applicable (during an update): versions differ until the last node has restarted";
        for files in [by_version, by_pool] {
            assert_eq!(ask(NodesKubeletVersionCheck, &files), Answer::Skip(why.into()));
            assert_eq!(ask(NodesContainerRuntimeVersionCheck, &files), Answer::Skip(why.into()));
        }
    }

    #[test]
    fn node_with_a_pending_configuration_is_silent() {
        let mut files = files(["1.31.1", "1.30.9", "1.31.1"], "False");
        files[1].1["metadata"]["annotations"] = json!({"machineconfiguration.openshift.io/currentConfig": "rendered-worker-a",
            "machineconfiguration.openshift.io/desiredConfig": "rendered-worker-b"});
        assert_eq!(ask(NodesKubeletVersionCheck, &files), Answer::Miss);
    }

    #[test]
    fn node_of_a_paused_pool_with_a_pending_configuration_is_silent() {
        for (applied, is_hit) in [("rendered-canary-a", false), ("rendered-canary-b", true)] {
            let mut files = files(["1.31.1", "1.30.9", "1.31.1"], "False").to_vec();
            let annotations = json!({"machineconfiguration.openshift.io/currentConfig": "rendered-canary-a",
                "machineconfiguration.openshift.io/desiredConfig": "rendered-canary-a"});
            files[1].1["metadata"]["annotations"] = annotations;
            let pool = json!({"metadata": {"name": "canary"}, "status": {"configuration": {"name": applied}},
                "spec": {"paused": true, "configuration": {"name": "rendered-canary-b"}}});
            files.push(("config/machineconfigpools/canary.json", pool));
            let answer = ask(NodesKubeletVersionCheck, &files);
            assert_eq!(matches!(answer, Answer::Hit(_)), is_hit, "{applied}");
        }
    }

    #[test]
    fn runtime_built_for_another_distribution_is_the_same_version() {
        for (other, is_hit) in [
            ("cri-o://1.26.3-9.rhaos4.13.git994242a.el8", false),
            ("cri-o://1.26.3-8.rhaos4.13.git1234567.el9", true),
            ("cri-o://1.26.3-9.rhaos4.13.git994242a.elx", true),
        ] {
            let mut files = files(["1", "1", "1"], "False");
            for file in &mut files[..3] {
                file.1["status"]["nodeInfo"]["containerRuntimeVersion"] =
                    json!("cri-o://1.26.3-9.rhaos4.13.git994242a.el9");
            }
            files[1].1["status"]["nodeInfo"]["containerRuntimeVersion"] = json!(other);
            let answer = ask(NodesContainerRuntimeVersionCheck, &files);
            assert_eq!(matches!(answer, Answer::Hit(_)), is_hit, "{other}");
        }
    }

    #[test]
    fn windows_node_is_not_compared_with_linux_nodes() {
        let mut files = files(["1.31.1", "1.31.4", "1.31.1"], "False");
        files[1].1["metadata"]["labels"] = json!({"kubernetes.io/os": "windows"});
        assert_eq!(ask(NodesKubeletVersionCheck, &files), Answer::Miss);
        assert_eq!(ask(NodesContainerRuntimeVersionCheck, &files), Answer::Miss);
    }

    #[test]
    fn missing_files_are_a_skip() {
        let files = files(["1.31.1", "1.30.9", "1.31.1"], "False");
        assert_eq!(ask(NodesKubeletVersionCheck, &files[..3]), Answer::skip_all(&["cluster_version"]));
        assert_eq!(ask(NodesContainerRuntimeVersionCheck, &files[3..]), Answer::skip_all(&["nodes"]));
    }
}
