//! Nodes that run another version than the rest although no update is going on: one rule for the kubelet and one for the
//! container runtime.

use std::collections::BTreeMap;

use serde::Serialize;

use super::meta;
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{CLUSTER_VERSION, NODES, Node},
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
        meta(module, KUBELET_KEY).requires(NODES).requires(CLUSTER_VERSION)
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
        meta(module, RUNTIME_KEY).requires(NODES).requires(CLUSTER_VERSION)
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

/// The nodes that do not run what most nodes run, unless the cluster is being updated.
fn nodes_with_other_version<'c>(
    context: &'c Context<'_>,
    version_of: for<'n> fn(&'n Node<'_>) -> &'n str,
) -> Option<Vec<(&'c Node<'c>, &'c str)>> {
    if context.cluster_version()?.is_updating() {
        return None;
    }
    let versions = context.within_budget(context.nodes()).map(|node| (node, version_of(node)));
    let versions: Vec<(&Node<'_>, &str)> = versions.filter(|(_, version)| !version.is_empty()).collect();
    let usual = most_common(versions.iter().map(|(_, version)| *version))?;
    let others: Vec<_> = versions.into_iter().filter(|(_, version)| *version != usual).collect();
    (!others.is_empty()).then_some(others)
}

/// The version that most nodes run; of equally common ones the newest.
fn most_common<'a>(versions: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for version in versions {
        *counts.entry(version).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(version, count)| (*count, numbers(version))).map(|(version, _)| version)
}

/// The numbers in a version, which tell what is newer.
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
    fn the_nodes_that_differ_from_most_are_listed() {
        let files = files(["1.31.1", "1.30.9", "1.31.1"], "False");
        let nodes = json!([{"Node": "b", "Kubelet Version": "v1.30.9", "role": "worker"}]);
        let details = json!({"nodes_with_different_version": nodes, "kcs_link": LINK});
        assert_eq!(ask(NodesKubeletVersionCheck, &files), Answer::Hit(details));
        let nodes = json!([{"Node": "b", "Container Runtime Version": "cri-o://1.30.9", "role": "worker"}]);
        let details = json!({"nodes_with_different_version": nodes});
        assert_eq!(ask(NodesContainerRuntimeVersionCheck, &files), Answer::Hit(details));
    }

    #[test]
    fn of_equally_common_versions_the_newest_is_the_usual_one() {
        assert_eq!(most_common(["v1.9.0", "v1.10.0"].into_iter()), Some("v1.10.0"));
        assert_eq!(most_common(["v1.9.0", "v1.10.0", "v1.9.0"].into_iter()), Some("v1.9.0"));
        assert_eq!(most_common(std::iter::empty()), None);
    }

    #[test]
    fn equal_versions_and_nodes_that_do_not_tell_are_none() {
        let files = files(["1.31.1", "1.31.1", "1.31.1"], "False");
        assert_eq!(ask(NodesKubeletVersionCheck, &files), Answer::Miss);
        assert_eq!(ask(NodesContainerRuntimeVersionCheck, &files), Answer::Miss);
        let silent = [("config/node/a.json", json!({})), files[1].clone(), files[3].clone()];
        assert_eq!(ask(NodesKubeletVersionCheck, &silent), Answer::Miss);
    }

    #[test]
    fn during_an_update_versions_differ() {
        let files = files(["1.31.1", "1.30.9", "1.31.1"], "True");
        assert_eq!(ask(NodesKubeletVersionCheck, &files), Answer::Miss);
        assert_eq!(ask(NodesContainerRuntimeVersionCheck, &files), Answer::Miss);
    }

    #[test]
    fn both_files_are_needed() {
        let files = files(["1.31.1", "1.30.9", "1.31.1"], "False");
        assert_eq!(ask(NodesKubeletVersionCheck, &files[..3]), Answer::skip_all(&["cluster_version"]));
        assert_eq!(ask(NodesContainerRuntimeVersionCheck, &files[3..]), Answer::skip_all(&["nodes"]));
    }
}
