//! Default security context constraints that were modified, with which an update fails.

use serde::Serialize;

use super::{excerpt, meta};
use ccx_rules::{
    ClusterKind, Context, Response, Rule, RuleMeta,
    documents::{CLUSTER_OPERATORS, KUBE_APISERVER_OPERATOR},
};

const KEY: &str = "BUGZILLA_BUG_1821905";
const REASON: &str = "DefaultSecurityContextConstraints";

pub(super) struct Bug1821905;

#[derive(Serialize)]
struct Details<'a> {
    reason: &'a str,
    message: &'a str,
}

impl Rule for Bug1821905 {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules_ocp.external.bug_rules.bug_1821905", KEY)
            .requires(KUBE_APISERVER_OPERATOR)
            .may_read(CLUSTER_OPERATORS)
            .not_on(ClusterKind::HostedControlPlane, "the operator runs in the management cluster")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let operator = context.cluster_operator("kube-apiserver")?;
        let upgradeable = operator.status.conditions.find_false("Upgradeable")?;
        let details = Details { reason: &upgradeable.reason, message: excerpt(&upgradeable.message) };
        details.reason.contains(REASON).then(|| Response::hit(KEY, &details))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(operator: &str, upgradeable: &str, reason: &str) -> Answer {
        let condition =
            json!({"type": "Upgradeable", "status": upgradeable, "reason": reason, "message": "M"});
        let path = format!("config/clusteroperator/{operator}.json");
        ask(Bug1821905, &[(&path, json!({"status": {"conditions": [condition]}}))])
    }

    #[test]
    fn modified_constraints_are_a_hit() {
        let answer = ask_about("kube-apiserver", "False", "DefaultSecurityContextConstraints_Mutated");
        let details = json!({"reason": "DefaultSecurityContextConstraints_Mutated", "message": "M"});
        assert_eq!(answer, Answer::Hit(details));
    }

    #[test]
    fn other_reason_or_upgradeable_operator_is_silent() {
        assert_eq!(ask_about("kube-apiserver", "False", "KubeletMinorVersion"), Answer::Miss);
        assert_eq!(
            ask_about("kube-apiserver", "True", "DefaultSecurityContextConstraints_Mutated"),
            Answer::Miss
        );
    }

    #[test]
    fn other_operator_is_not_read() {
        let answer = ask_about("etcd", "False", "DefaultSecurityContextConstraints_Mutated");
        assert_eq!(answer, Answer::skip_all(&["kube_apiserver_operator"]));
    }
}
