//! Clusters that refuse to be updated to the next minor release.

use serde::Serialize;

use super::{excerpt, meta};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{CLUSTER_OPERATORS, CLUSTER_VERSION, ClusterOperator},
};

const KEY: &str = "CLUSTER_NOT_UPGRADEABLE";

pub(super) struct ClusterNotUpgradeable;

#[derive(Serialize)]
struct Details<'a> {
    reason: &'a str,
    message: &'a str,
    operators: Vec<NotUpgradeable<'a>>,
}

#[derive(Serialize)]
struct NotUpgradeable<'a> {
    name: &'a str,
    reason: &'a str,
    message: &'a str,
}

impl Rule for ClusterNotUpgradeable {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.cluster_not_upgradeable", KEY)
            .requires(CLUSTER_VERSION)
            .may_read(CLUSTER_OPERATORS)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let upgradeable = context.cluster_version()?.status.conditions.find_false("Upgradeable")?;
        let details = Details {
            reason: &upgradeable.reason,
            message: excerpt(&upgradeable.message),
            operators: context
                .within_budget(context.cluster_operators())
                .filter_map(not_upgradeable)
                .collect(),
        };
        Some(Response::hit(KEY, &details))
    }
}

fn not_upgradeable<'a>(operator: &'a ClusterOperator<'_>) -> Option<NotUpgradeable<'a>> {
    let upgradeable = operator.status.conditions.find_false("Upgradeable")?;
    Some(NotUpgradeable {
        name: &operator.metadata.name,
        reason: &upgradeable.reason,
        message: excerpt(&upgradeable.message),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn object(name: &str, upgradeable: &str) -> Value {
        json!({"metadata": {"name": name}, "status": {
            "conditions": [{"type": "Upgradeable", "status": upgradeable, "reason": "R", "message": "M"}]}})
    }

    #[test]
    fn the_operators_in_the_way_are_listed() {
        let files = [
            ("config/version.json", object("version", "False")),
            ("config/clusteroperator/etcd.json", object("etcd", "False")),
            ("config/clusteroperator/dns.json", object("dns", "True")),
        ];
        let operators = json!([{"name": "etcd", "reason": "R", "message": "M"}]);
        let details = json!({"reason": "R", "message": "M", "operators": operators});
        assert_eq!(ask(ClusterNotUpgradeable, &files), Answer::Hit(details));
    }

    #[test]
    fn an_operator_alone_does_not_decide() {
        let files = [
            ("config/version.json", object("version", "True")),
            ("config/clusteroperator/etcd.json", object("etcd", "False")),
        ];
        assert_eq!(ask(ClusterNotUpgradeable, &files), Answer::Miss);
        assert_eq!(ask(ClusterNotUpgradeable, &[]), Answer::skip_all(&["cluster_version"]));
    }
}
