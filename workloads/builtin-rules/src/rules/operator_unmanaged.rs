//! Operators in the management state `Unmanaged`.

use serde::Serialize;

use super::{meta, non_empty};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{OPERATOR_CONFIGS, OperatorConfig},
};

const KEY: &str = "OPERATOR_UNMANAGED";

pub(super) struct OperatorUnmanaged;

#[derive(Serialize)]
struct Details {
    unmanaged_operators: Vec<String>,
}

impl Rule for OperatorUnmanaged {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules_ocp.external.rules.operator_unmanaged", KEY).requires(OPERATOR_CONFIGS)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let configs = context.within_budget(context.operator_configs());
        let unmanaged = configs.filter(|config| &*config.spec.management_state == "Unmanaged");
        let unmanaged_operators = non_empty(unmanaged.map(OperatorConfig::reference))?;
        Some(Response::hit(KEY, &Details { unmanaged_operators }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    #[test]
    fn unmanaged_operator_is_named_as_oc_takes_it() {
        let unmanaged = json!({"kind": "?", "name": "cluster", "spec": {"managementState": "Unmanaged"}});
        let files = [
            (
                "config/clusteroperator/imageregistry.operator.openshift.io/config/cluster.json",
                unmanaged.clone(),
            ),
            ("config/clusteroperator/operator.openshift.io/console/cluster.json", unmanaged),
            (
                "config/clusteroperator/operator.openshift.io/ingresscontroller/openshift-ingress-operator/default.json",
                json!({"metadata": {"name": "default"}, "spec": {"managementState": "Unmanaged"}}),
            ),
        ];
        let operators = json!([
            "config.imageregistry.operator.openshift.io/cluster",
            "console.operator.openshift.io/cluster",
            "ingresscontroller.operator.openshift.io/default",
        ]);
        assert_eq!(ask(OperatorUnmanaged, &files), Answer::Hit(json!({"unmanaged_operators": operators})));
    }

    #[test]
    fn managed_or_removed_operator_is_silent() {
        for state in ["Managed", "Removed"] {
            let config = json!({"spec": {"managementState": state}});
            let files = [("config/clusteroperator/operator.openshift.io/console/cluster.json", config)];
            assert_eq!(ask(OperatorUnmanaged, &files), Answer::Miss, "{state}");
        }
        assert_eq!(ask(OperatorUnmanaged, &[]), Answer::skip_all(&["operator_configs"]));
    }
}
