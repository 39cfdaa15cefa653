//! Nodes whose maximum number of pods exceeds the tested maximum of OpenShift.

use serde::Serialize;

use super::{meta, non_empty};
use ccx_rules::{
    ClusterKind, Context, Response, Rule, RuleMeta,
    documents::{CLUSTER_VERSION, KUBELET_CONFIGS, MinorVersion, NODES, Node, NodeConfig},
};

const KEY: &str = "KUBELET_MAX_PODS_TOO_HIGH";
/// Tested maximum of releases before [`MORE_PODS_SINCE`].
const TESTED_MAX: i64 = 500;
/// First release that was tested with more pods.
const MORE_PODS_SINCE: MinorVersion = MinorVersion::new(4, 13);
const TESTED_MAX_OF_NEW_RELEASES: i64 = 2500;

pub(super) struct KubeletMaxPodsHigh;

#[derive(Serialize)]
struct Details<'a> {
    items: Vec<ManyPods<'a>>,
    tested_max: i64,
    is_hosted: bool,
}

#[derive(Serialize)]
struct ManyPods<'a> {
    kind: &'static str,
    name: &'a str,
    max_pods: i64,
}

impl Rule for KubeletMaxPodsHigh {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.kubelet_max_pods_high", KEY)
            .requires_any(&[KUBELET_CONFIGS, NODES])
            .may_read(CLUSTER_VERSION)
            .adapts_to(ClusterKind::HostedControlPlane, "the text names the NodePool")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let configs = context.kubelet_configs().iter().filter_map(from_config);
        let nodes = context.nodes().iter().filter_map(from_node);
        let is_new = context.minor_version().is_some_and(|version| version >= MORE_PODS_SINCE);
        let tested_max = if is_new { TESTED_MAX_OF_NEW_RELEASES } else { TESTED_MAX };
        let items = context.within_budget(configs.chain(nodes)).filter(|item| item.max_pods > tested_max);
        let items = non_empty(items)?;
        let is_hosted = context.is_kind(ClusterKind::HostedControlPlane);
        Some(Response::hit(KEY, &Details { items, tested_max, is_hosted }))
    }
}

fn from_config<'a>(config: &'a NodeConfig<'_>) -> Option<ManyPods<'a>> {
    let max_pods = config.spec.kubelet_config.max_pods.0?;
    Some(ManyPods { kind: "KubeletConfig", name: &config.metadata.name, max_pods })
}

fn from_node<'a>(node: &'a Node<'_>) -> Option<ManyPods<'a>> {
    let max_pods = node.status.capacity.pods.parse().ok()?;
    Some(ManyPods { kind: "Node", name: &node.metadata.name, max_pods })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn config(max_pods: u32) -> (&'static str, Value) {
        let config = json!({"metadata": {"name": "big"}, "spec": {"kubeletConfig": {"maxPods": max_pods}}});
        ("config/kubeletconfigs/big.json", config)
    }

    fn node(pods: &str) -> (&'static str, Value) {
        ("config/node/n.json", json!({"metadata": {"name": "n"}, "status": {"capacity": {"pods": pods}}}))
    }

    #[test]
    fn settings_and_nodes_above_the_maximum_are_listed() {
        let items = json!([
            {"kind": "KubeletConfig", "name": "big", "max_pods": 501},
            {"kind": "Node", "name": "n", "max_pods": 600},
        ]);
        let details = json!({"items": items, "tested_max": 500, "is_hosted": false});
        assert_eq!(ask(KubeletMaxPodsHigh, &[config(501), node("600")]), Answer::Hit(details));
    }

    #[test]
    fn maximum_depends_on_the_release() {
        for (release, pods, is_hit) in
            [("4.12.9", "501", true), ("4.13.0", "2500", false), ("4.18.9", "2501", true)]
        {
            let version = json!({"status": {"desired": {"version": release}}});
            let answer = ask(KubeletMaxPodsHigh, &[node(pods), ("config/version.json", version)]);
            assert_eq!(matches!(answer, Answer::Hit(_)), is_hit, "{release} {pods}");
        }
    }

    #[test]
    fn maximum_itself_is_silent() {
        assert_eq!(ask(KubeletMaxPodsHigh, &[config(500), node("500")]), Answer::Miss);
        assert_eq!(ask(KubeletMaxPodsHigh, &[node("many")]), Answer::Miss);
    }

    #[test]
    fn missing_files_are_a_skip() {
        assert_eq!(
            ask(KubeletMaxPodsHigh, &[]),
            Answer::Skip("All: [] Any: ['kubelet_configs', 'nodes']".into())
        );
    }
}
