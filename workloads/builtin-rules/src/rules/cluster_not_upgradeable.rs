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

/// Reason of the cluster version operator when several operators are not upgradeable.
const SEVERAL_OPERATORS: &str = "ClusterOperatorsNotUpgradeable";

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
        let operators: Vec<_> = context.within_budget(all).filter_map(not_upgradeable).collect();
        let is_hit = context.has_lasted(&upgradeable.last_transition_time, MIN_AGE)
            && !is_explained_by_update(upgradeable, all, &operators);
        let (reason, message) = (&*upgradeable.reason, excerpt(&upgradeable.message));
        is_hit.then(|| Response::hit(KEY, &Details { reason, message, operators }))
    }
}

/// Returns whether an update in progress is the only reason for which the cluster is not upgradeable.
fn is_explained_by_update(
    upgradeable: &Condition<'_>,
    all: &[ClusterOperator<'_>],
    blocking: &[NotUpgradeable<'_>],
) -> bool {
    let only_updating_operators = || blocking.is_empty() && !all.is_empty();
    match &*upgradeable.reason {
        reason if UPDATE_REASONS.contains(&reason) => true,
        SEVERAL_OPERATORS => only_updating_operators(),
        _ => false,
    }
}

/// Returns the reason and message with which an operator blocks a minor update, unless the reason is an
/// update in progress.
fn not_upgradeable<'a>(operator: &'a ClusterOperator<'_>) -> Option<NotUpgradeable<'a>> {
    let upgradeable = operator.status.conditions.find_false("Upgradeable")?;
    if UPDATE_REASONS.contains(&&*upgradeable.reason) {
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
