//! Operators of the control plane that can't install their next static pods.

use serde::Serialize;

use super::{meta, non_empty, operator_state::OperatorState};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{
        CLUSTER_OPERATORS, ClusterOperator, KUBE_APISERVER_OPERATOR, KUBE_CONTROLLER_MANAGER_OPERATOR,
        KUBE_SCHEDULER_OPERATOR,
    },
};

const KEY: &str = "NODE_INSTALLER_DEGRADED";
const OPERATORS: [&str; 3] = ["kube-apiserver", "kube-controller-manager", "kube-scheduler"];
const REASON: &str = "NodeInstallerDegraded";

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
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let operators = OPERATORS.into_iter().filter_map(|name| context.cluster_operator(name));
        let degraded_operators =
            non_empty(operators.filter(|operator| is_stuck(operator)).map(OperatorState::of))?;
        Some(Response::hit(KEY, &Details { degraded_operators }))
    }
}

fn is_stuck(operator: &ClusterOperator<'_>) -> bool {
    let degraded = operator.status.conditions.find_true("Degraded");
    degraded.is_some_and(|degraded| degraded.reason.contains(REASON))
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
    fn an_operator_whose_installer_pods_fail_is_a_hit() {
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
    fn an_operator_that_has_recovered_is_none() {
        let files = [(
            "config/clusteroperator/kube-scheduler.json",
            operator("kube-scheduler", "False", "NodeInstallerDegraded"),
        )];
        assert_eq!(ask(NodeInstallerDegraded, &files), Answer::Miss);
    }

    #[test]
    fn one_of_the_three_operators_is_needed() {
        let files = [("config/clusteroperator/etcd.json", operator("etcd", "True", "NodeInstallerDegraded"))];
        let missing = "All: [] Any: ['kube_apiserver_operator', 'kube_controller_manager_operator', 'kube_scheduler_operator']";
        assert_eq!(ask(NodeInstallerDegraded, &files), Answer::Skip(missing.into()));
    }
}
