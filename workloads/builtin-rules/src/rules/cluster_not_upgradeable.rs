//! Clusters that cannot be updated to the next minor release.

use serde::Serialize;

use super::{excerpt, meta};
use ccx_rules::{
    ClusterKind, Context, Response, Rule, RuleMeta,
    documents::{CLUSTER_OPERATORS, CLUSTER_VERSION, ClusterOperator, Condition},
};
use chrono::TimeDelta;

const KEY: &str = "CLUSTER_NOT_UPGRADEABLE";

/// Operators set the condition for seconds while they restart.
const MIN_AGE: TimeDelta = TimeDelta::minutes(10);

/// Reasons that only say that an update is in progress: of the cluster version operator since 4.18, and of
/// the machine config operator.
const UPDATE_REASONS: [&str; 2] = ["UpdateInProgress", "PoolUpdating"];

/// Part of the reason of the operator of the API servers when nodes run an earlier release, which the update
/// of the nodes resolves.
const OLD_KUBELETS: &str = "KubeletMinorVersion";

/// Reason of the cluster version operator when several operators are not upgradeable.
const SEVERAL_OPERATORS: &str = "ClusterOperatorsNotUpgradeable";
/// Reason of the cluster version operator when there are several reasons; they are in the first line of the
/// message.
const SEVERAL_REASONS: &str = "MultipleReasons";
const BEFORE_REASONS: &str = "multiple reasons:";

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
            .for_at_least(MIN_AGE, "not upgradeable")
            .adapts_to(ClusterKind::Updating, "reasons that refer to the update are excluded")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let upgradeable = context.cluster_version()?.status.conditions.find_false("Upgradeable")?;
        let all = context.cluster_operators();
        let is_of_update = |reason: &str| is_of_update(reason, context);
        let operators: Vec<_> = context
            .within_budget(all)
            .filter_map(|operator| not_upgradeable(operator, is_of_update))
            .collect();
        let has_only_updating_operators = operators.is_empty() && !all.is_empty();
        let is_explained = |reason: &str| {
            is_of_update(reason) || (reason == SEVERAL_OPERATORS && has_only_updating_operators)
        };
        let is_hit = context.has_lasted(&upgradeable.last_transition_time, MIN_AGE)
            && !reasons(upgradeable).all(is_explained);
        let (reason, message) = (&*upgradeable.reason, excerpt(&upgradeable.message));
        is_hit.then(|| Response::hit(KEY, &Details { reason, message, operators }))
    }
}

/// Returns whether a reason refers to an update in progress.
fn is_of_update(reason: &str, context: &Context<'_>) -> bool {
    UPDATE_REASONS.contains(&reason) || (reason.starts_with(OLD_KUBELETS) && context.is_updating())
}

/// Returns the reasons of a condition: the one, or those that the message lists.
fn reasons<'a>(condition: &'a Condition<'_>) -> impl Iterator<Item = &'a str> {
    let list = condition.message.split_once(BEFORE_REASONS).map(|(_, after)| after);
    let list = list.filter(|_| &*condition.reason == SEVERAL_REASONS);
    let first_line = list.and_then(|list| list.lines().next());
    first_line.unwrap_or(&condition.reason).split(',').map(str::trim)
}

/// Returns the reason and message with which an operator blocks a minor update, unless the reason refers to
/// an update in progress.
fn not_upgradeable<'a>(
    operator: &'a ClusterOperator<'_>,
    is_of_update: impl Fn(&str) -> bool,
) -> Option<NotUpgradeable<'a>> {
    let upgradeable = operator.status.conditions.find_false("Upgradeable")?;
    if is_of_update(&upgradeable.reason) {
        return None;
    }
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
    fn blocking_operator_is_listed() {
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
    fn update_in_progress_is_silent() {
        let with_reason = |name: &str, reason: &str| {
            let mut object = object(name, "False");
            object["status"]["conditions"][0]["reason"] = json!(reason);
            object
        };
        for (version, operator, is_hit) in [
            ("UpdateInProgress", "PoolUpdating", false),
            ("PoolUpdating", "PoolUpdating", false),
            ("ClusterOperatorsNotUpgradeable", "PoolUpdating", false),
            (
                "ClusterOperatorsNotUpgradeable",
                "KubeletMinorVersion_KubeletMinorVersionUnsupportedNextUpgrade",
                true,
            ),
            ("AdminAckRequired", "PoolUpdating", true),
        ] {
            let files = [
                ("config/version.json", with_reason("version", version)),
                ("config/clusteroperator/machine-config.json", with_reason("machine-config", operator)),
            ];
            assert_eq!(
                matches!(ask(ClusterNotUpgradeable, &files), Answer::Hit(_)),
                is_hit,
                "{version} {operator}"
            );
        }
    }

    #[test]
    fn several_reasons_are_silent_when_all_refer_to_the_update() {
        for (reasons, is_hit) in [
            (
                "PoolUpdating,UpdateInProgress\n* Cluster operator machine-config: a pool is updating, ok",
                false,
            ),
            ("ClusterOperatorsNotUpgradeable, UpdateInProgress", false),
            ("AdminAckRequired,UpdateInProgress\n* Kubernetes 1.32", true),
            ("", true),
        ] {
            let message = format!("Cluster should not be upgraded for multiple reasons: {reasons}");
            let condition = json!({"type": "Upgradeable", "status": "False", "reason": "MultipleReasons", "message": message});
            let operator = json!({"type": "Upgradeable", "status": "False", "reason": "PoolUpdating"});
            let files = [
                ("config/version.json", json!({"status": {"conditions": [condition]}})),
                ("config/clusteroperator/machine-config.json", json!({"status": {"conditions": [operator]}})),
            ];
            assert_eq!(matches!(ask(ClusterNotUpgradeable, &files), Answer::Hit(_)), is_hit, "{reasons}");
        }
    }

    #[test]
    fn old_kubelets_are_silent_while_a_pool_is_updated() {
        let reason = "KubeletMinorVersion_KubeletMinorVersionsUnsupportedNextUpgrade";
        let condition = json!({"type": "Upgradeable", "status": "False", "reason": reason});
        let object = json!({"metadata": {"name": "x"}, "status": {"conditions": [condition]}});
        for (updating, is_hit) in [("True", false), ("False", true)] {
            let pool = json!({"status": {"conditions": [{"type": "Updating", "status": updating}]}});
            let files = [
                ("config/version.json", object.clone()),
                ("config/clusteroperator/kube-apiserver.json", object.clone()),
                ("config/machineconfigpools/worker.json", pool),
            ];
            assert_eq!(matches!(ask(ClusterNotUpgradeable, &files), Answer::Hit(_)), is_hit, "{updating}");
        }
    }

    #[test]
    fn state_of_seconds_is_silent() {
        let mut version = object("version", "False");
        version["status"]["conditions"][0]["lastTransitionTime"] = json!("2026-01-15T11:58:00Z");
        assert_eq!(ask(ClusterNotUpgradeable, &[("config/version.json", version)]), Answer::Miss);
    }

    #[test]
    fn operator_alone_does_not_decide() {
        let files = [
            ("config/version.json", object("version", "True")),
            ("config/clusteroperator/etcd.json", object("etcd", "False")),
        ];
        assert_eq!(ask(ClusterNotUpgradeable, &files), Answer::Miss);
        assert_eq!(ask(ClusterNotUpgradeable, &[]), Answer::skip_all(&["cluster_version"]));
    }
}
