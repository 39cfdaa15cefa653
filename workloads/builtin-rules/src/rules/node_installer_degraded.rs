//! Control-plane operators that fail to install a revision of their static pods.

use serde::Serialize;

use super::{
    meta, non_empty,
    operator_state::{MIN_DEGRADED, OperatorState, lasting_degraded},
};
use ccx_rules::{
    ClusterKind, Context, Response, Rule, RuleMeta,
    documents::{
        CLUSTER_OPERATORS, ClusterOperator, KUBE_APISERVER_OPERATOR, KUBE_CONTROLLER_MANAGER_OPERATOR,
        KUBE_SCHEDULER_OPERATOR,
    },
};

const KEY: &str = "NODE_INSTALLER_DEGRADED";
const OPERATORS: [&str; 3] = ["kube-apiserver", "kube-controller-manager", "kube-scheduler"];

/// Part of the reason that names the controller: `NodeInstallerDegraded` up to 4.3, later
/// `NodeInstaller_InstallerPodFailed`, alone or joined with others by `::`.
const CONTROLLER: &str = "NodeInstaller";

pub(super) struct NodeInstallerDegraded;

#[derive(Serialize)]
struct Details<'a> {
    degraded_operators: Vec<OperatorState<'a>>,
}

impl Rule for NodeInstallerDegraded {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules_ocp.external.rules.node_installer_degraded", KEY)
            .requires_any(&[
                KUBE_APISERVER_OPERATOR,
                KUBE_CONTROLLER_MANAGER_OPERATOR,
                KUBE_SCHEDULER_OPERATOR,
            ])
            .may_read(CLUSTER_OPERATORS)
            .for_at_least(MIN_DEGRADED, "degraded")
            .not_on(ClusterKind::HostedControlPlane, "the control plane has no static pods")
            .not_on(ClusterKind::ManagedService, "the provider maintains the control plane")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let operators = OPERATORS.into_iter().filter_map(|name| context.cluster_operator(name));
        let degraded_operators =
            non_empty(operators.filter(|operator| is_stuck(operator, context)).map(OperatorState::new))?;
        Some(Response::hit(KEY, &Details { degraded_operators }))
    }
}

fn is_stuck(operator: &ClusterOperator<'_>, context: &Context<'_>) -> bool {
    lasting_degraded(operator, context)
        .is_some_and(|degraded| degraded.reason.split("::").any(|reason| reason.starts_with(CONTROLLER)))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn operator(name: &str, degraded: &str, reason: &str) -> Value {
        json!({"metadata": {"name": name}, "status": {
            "conditions": [
                {"type": "Degraded", "status": degraded, "reason": reason, "message": "M", "lastTransitionTime": "T"},
                {"type": "Available", "status": "True", "reason": "AsExpected"}],
            "versions": [{"name": "operator", "version": "4.18.9"}]}})
    }

    #[test]
    fn failing_installer_pods_are_a_hit() {
        let reason = "NodeInstallerDegraded_InstallerPodFailed";
        let files = [
            ("config/clusteroperator/kube-apiserver.json", operator("kube-apiserver", "True", reason)),
            (
                "config/clusteroperator/kube-scheduler.json",
                operator("kube-scheduler", "True", "StaticPodsDegraded"),
            ),
        ];
        let degraded = json!({"status": "True", "reason": reason, "message": "M", "last_trans_time": "T"});
        let available =
            json!({"status": "True", "reason": "AsExpected", "message": "", "last_trans_time": ""});
        let expected = json!({"name": "kube-apiserver", "version": "4.18.9", "degraded": degraded, "available": available,
            "progressing": null, "upgradeable": null});
        assert_eq!(
            ask(NodeInstallerDegraded, &files),
            Answer::Hit(json!({"degraded_operators": [expected]}))
        );
    }

    #[test]
    fn reason_of_every_release_is_known() {
        for (reason, is_hit) in [
            ("NodeInstallerDegradedInstallerPodFailed", true),
            ("NodeInstaller_InstallerPodFailed", true),
            ("NodeController_MasterNodesReady::NodeInstaller_InstallerPodFailed", true),
            ("NodeController_MasterNodesReady::StaticPods_Error", false),
        ] {
            let files =
                [("config/clusteroperator/kube-apiserver.json", operator("kube-apiserver", "True", reason))];
            assert_eq!(matches!(ask(NodeInstallerDegraded, &files), Answer::Hit(_)), is_hit, "{reason}");
        }
    }

    #[test]
    fn operator_that_just_became_degraded_is_silent() {
        let mut operator = operator("kube-apiserver", "True", "NodeInstaller_InstallerPodFailed");
        operator["status"]["conditions"][0]["lastTransitionTime"] = json!("2026-01-15T11:45:00Z");
        let files = [("config/clusteroperator/kube-apiserver.json", operator)];
        assert_eq!(ask(NodeInstallerDegraded, &files), Answer::Miss);
    }

    #[test]
    fn recovered_operator_is_silent() {
        let files = [(
            "config/clusteroperator/kube-scheduler.json",
            operator("kube-scheduler", "False", "NodeInstallerDegraded"),
        )];
        assert_eq!(ask(NodeInstallerDegraded, &files), Answer::Miss);
    }

    #[test]
    fn other_operators_are_not_enough() {
        let files = [("config/clusteroperator/etcd.json", operator("etcd", "True", "NodeInstallerDegraded"))];
        let missing = "All: [] Any: ['kube_apiserver_operator', 'kube_controller_manager_operator', 'kube_scheduler_operator']";
        assert_eq!(ask(NodeInstallerDegraded, &files), Answer::Skip(missing.into()));
    }
}
