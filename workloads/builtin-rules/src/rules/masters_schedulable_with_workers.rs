//! Schedulable control planes on clusters with worker nodes that accept user pods.

use serde::Serialize;

use super::meta;
use ccx_rules::{
    ClusterKind, Context, Response, Rule, RuleMeta,
    documents::{NODES, Node, Role, SCHEDULER},
};

const KEY: &str = "CONTROL_PLANE_SCHEDULABLE";

/// With a single worker node, the control plane runs its pods when the worker is unavailable.
const MIN_WORKERS: usize = 2;

pub(super) struct MastersSchedulableWithWorkers;

#[derive(Serialize)]
struct Details {
    workers: usize,
    control_plane: usize,
}

impl Rule for MastersSchedulableWithWorkers {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.masters_schedulable_with_workers", KEY)
            .requires(SCHEDULER)
            .requires(NODES)
            .not_on(ClusterKind::SingleNode, "the node is control plane and worker")
            .not_on(ClusterKind::TwoNode, "the control plane runs user pods by design")
            .not_on(ClusterKind::HostedControlPlane, "the control plane has no nodes")
            .not_on(ClusterKind::ManagedService, "the provider configures the scheduler")
            .adapts_to(
                ClusterKind::WindowsNodes,
                "Windows nodes do not count as workers: most pods need Linux",
            )
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let is_schedulable = context.scheduler()?.spec.masters_schedulable.0 == Some(true);
        let known = || context.within_budget(context.nodes()).filter(|node| is_known(node));
        let workers = known().filter(|node| node.role() == Role::Worker && node.accepts_user_pods()).count();
        let control_plane = known().filter(|node| node.role() == Role::ControlPlane).count();
        (is_schedulable && workers >= MIN_WORKERS)
            .then(|| Response::hit(KEY, &Details { workers, control_plane }))
    }
}

/// Returns whether the labels of a node, and so its roles, are known.
fn is_known(node: &Node<'_>) -> bool {
    node.metadata.labels.iter().next().is_some()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(masters_schedulable: bool, roles: &[&str]) -> Answer {
        let node = |role: &&str| -> Value {
            let label = format!("node-role.kubernetes.io/{role}");
            json!({"metadata": {"labels": {label: ""}}})
        };
        let paths: Vec<String> =
            (0..roles.len()).map(|number| format!("config/node/{number}.json")).collect();
        let mut files: Vec<(&str, Value)> =
            paths.iter().map(|path| &**path).zip(roles.iter().map(node)).collect();
        files.push((
            "config/schedulers/cluster.json",
            json!({"spec": {"mastersSchedulable": masters_schedulable}}),
        ));
        ask(MastersSchedulableWithWorkers, &files)
    }

    #[test]
    fn schedulable_control_plane_beside_workers_is_a_hit() {
        let answer = ask_about(true, &["master", "master", "master", "worker", "worker"]);
        assert_eq!(answer, Answer::Hit(json!({"workers": 2, "control_plane": 3})));
    }

    #[test]
    fn arbiter_or_node_without_labels_is_not_a_worker() {
        assert_eq!(ask_about(true, &["master", "master", "arbiter", "worker"]), Answer::Miss);
        let files = [
            ("config/schedulers/cluster.json", json!({"spec": {"mastersSchedulable": true}})),
            ("config/node/a.json", json!({"status": {}})),
            ("config/node/b.json", json!({"metadata": {}})),
        ];
        assert_eq!(ask(MastersSchedulableWithWorkers, &files), Answer::Miss);
    }

    #[test]
    fn worker_that_does_not_accept_user_pods_does_not_count() {
        let windows = json!({"kubernetes.io/os": "windows", "node-role.kubernetes.io/worker": ""});
        let linux = json!({"kubernetes.io/os": "linux", "node-role.kubernetes.io/worker": ""});
        let storage =
            json!([{"key": "node.ocs.openshift.io/storage", "value": "true", "effect": "NoSchedule"}]);
        let cordoned = json!([{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}]);
        let soft = json!([{"key": "team", "effect": "PreferNoSchedule"}]);
        for (labels, taints, is_hit) in [
            (&windows, json!(null), false),
            (&linux, storage, false),
            (&linux, cordoned, true),
            (&linux, soft, true),
        ] {
            let worker = json!({"metadata": {"labels": labels}, "spec": {"taints": taints}});
            let files = [
                ("config/schedulers/cluster.json", json!({"spec": {"mastersSchedulable": true}})),
                ("config/node/a.json", worker.clone()),
                ("config/node/b.json", worker.clone()),
            ];
            let answer = ask(MastersSchedulableWithWorkers, &files);
            assert_eq!(matches!(answer, Answer::Hit(_)), is_hit, "{worker}");
        }
    }

    #[test]
    fn single_node_with_workers_is_a_skip() {
        let worker = json!({"metadata": {"labels": {"node-role.kubernetes.io/worker": ""}}});
        let files = [
            ("config/schedulers/cluster.json", json!({"spec": {"mastersSchedulable": true}})),
            ("config/node/a.json", worker.clone()),
            ("config/node/b.json", worker),
            ("config/infrastructure.json", json!({"status": {"controlPlaneTopology": "SingleReplica"}})),
        ];
        assert!(matches!(ask(MastersSchedulableWithWorkers, &files), Answer::Skip(_)));
    }

    #[test]
    fn control_plane_with_one_worker_is_silent() {
        assert_eq!(ask_about(true, &["master", "master", "master", "worker"]), Answer::Miss);
        assert_eq!(ask_about(false, &["master", "worker", "worker"]), Answer::Miss);
    }

    #[test]
    fn missing_files_are_a_skip() {
        assert_eq!(ask(MastersSchedulableWithWorkers, &[]), Answer::skip_all(&["scheduler", "nodes"]));
    }
}
