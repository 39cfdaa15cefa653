//! Pod disruption budgets that never allow an eviction.

use serde::Serialize;

use super::{meta, non_empty};
use ccx_rules::{
    ClusterKind, Context, Response, Rule, RuleMeta,
    documents::{IntOrText, POD_DISRUPTION_BUDGETS, PodDisruptionBudget},
};

const KEY: &str = "PDB_BLOCKS_NODE_DRAIN";

pub(super) struct PdbBlocksDrain;

#[derive(Serialize)]
struct Details<'a> {
    pdbs: Vec<Blocking<'a>>,
}

#[derive(Serialize)]
struct Blocking<'a> {
    namespace: &'a str,
    name: &'a str,
    expected: i64,
    desired: i64,
    healthy: i64,
    /// The budget demands all pods: further replicas do not allow a disruption.
    demands_all: bool,
}

impl Rule for PdbBlocksDrain {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.pdb_blocks_drain", KEY)
            .requires(POD_DISRUPTION_BUDGETS)
            .not_on(ClusterKind::SingleNode, "the node is not drained before it restarts")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let pdbs = non_empty(context.within_budget(context.pod_disruption_budgets()).filter_map(blocking))?;
        Some(Response::hit(KEY, &Details { pdbs }))
    }
}

fn blocking<'a>(budget: &PodDisruptionBudget<'a>) -> Option<Blocking<'a>> {
    // A virtual machine is migrated when its node is drained; its budget only prevents an eviction before the
    // migration.
    if budget.is_of_virtual_machine() || budget.is_of_storage_database() || is_of_draining_storage(budget) {
        return None;
    }
    let status = &budget.status;
    let expected = status.expected_pods.0.filter(|&expected| expected > 0)?;
    let desired = status.desired_healthy.0?;
    // A temporarily exhausted budget allows an eviction when another pod is healthy again.
    let demands_all = demands_all_pods(budget);
    let is_permanent = expected <= desired || demands_all;
    (status.disruptions_allowed.0 == Some(0) && is_permanent).then(|| Blocking {
        namespace: budget.namespace,
        name: budget.name,
        expected,
        desired,
        healthy: status.current_healthy.0.unwrap_or_default(),
        demands_all,
    })
}

/// Returns whether the budget is a temporary one of Rook, which allows only one storage node at a time to be
/// drained.
fn is_of_draining_storage(budget: &PodDisruptionBudget<'_>) -> bool {
    budget.name.starts_with("rook-ceph-osd-") && matches!(budget.spec.max_unavailable, IntOrText::Int(0))
}

fn demands_all_pods(budget: &PodDisruptionBudget<'_>) -> bool {
    let allows_none_unavailable = match &budget.spec.max_unavailable {
        IntOrText::Int(count) => *count == 0,
        IntOrText::Text(part) => part == "0%",
        IntOrText::Missing => false,
    };
    allows_none_unavailable || matches!(&budget.spec.min_available, IntOrText::Text(part) if part == "100%")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(spec: &Value, expected: i64, desired: i64, allowed: i64) -> Answer {
        let status = json!({"expectedPods": expected, "desiredHealthy": desired, "currentHealthy": expected,
            "disruptionsAllowed": allowed});
        let budget = json!({"spec": spec, "status": status});
        ask(PdbBlocksDrain, &[("config/pdbs/a/b.json", budget)])
    }

    fn hit(expected: i64, desired: i64, demands_all: bool) -> Answer {
        let pdb = json!({"namespace": "a", "name": "b", "expected": expected, "desired": desired, "healthy": expected,
            "demands_all": demands_all});
        Answer::Hit(json!({"pdbs": [pdb]}))
    }

    #[test]
    fn budget_that_needs_every_pod_is_a_hit() {
        assert_eq!(ask_about(&json!({"minAvailable": 2}), 2, 2, 0), hit(2, 2, false));
        for spec in
            [json!({"maxUnavailable": 0}), json!({"maxUnavailable": "0%"}), json!({"minAvailable": "100%"})]
        {
            assert_eq!(ask_about(&spec, 3, 2, 0), hit(3, 2, true), "{spec}");
        }
    }

    #[test]
    fn budget_of_an_operator_that_moves_its_pod_is_silent() {
        let status =
            json!({"expectedPods": 1, "desiredHealthy": 1, "currentHealthy": 1, "disruptionsAllowed": 0});
        let owner = json!({"ownerReferences": [{"kind": "VirtualMachineInstance", "name": "vm"}]});
        let migration =
            json!({"ownerReferences": [{"kind": "VirtualMachineInstanceMigration", "name": "vm"}]});
        let selector =
            json!({"minAvailable": 1, "selector": {"matchLabels": {"kubevirt.io/created-by": "u"}}});
        for (path, metadata, spec, is_hit) in [
            ("config/pdbs/vms/a.json", owner, json!({"minAvailable": 1}), false),
            ("config/pdbs/vms/a.json", migration, json!({"minAvailable": 2}), false),
            ("config/pdbs/vms/a.json", json!({}), selector, false),
            (
                "config/pdbs/vms/kubevirt-disruption-budget-7vq9d.json",
                json!({}),
                json!({"minAvailable": 1}),
                false,
            ),
            (
                "config/pdbs/vms/kubevirt-migration-pdb-kubevirt-evacuation-x2d9k.json",
                json!({}),
                json!({"minAvailable": 2}),
                false,
            ),
            (
                "config/pdbs/openshift-storage/noobaa-db-pg-cluster-primary.json",
                json!({}),
                json!({"minAvailable": 1}),
                false,
            ),
            (
                "config/pdbs/shop/noobaa-db-pg-cluster-primary.json",
                json!({}),
                json!({"minAvailable": 1}),
                true,
            ),
            (
                "config/pdbs/vms/a.json",
                json!({"ownerReferences": [{"kind": "Etcd"}]}),
                json!({"minAvailable": 1}),
                true,
            ),
        ] {
            let budget = json!({"metadata": metadata, "spec": spec, "status": status});
            assert_eq!(
                matches!(ask(PdbBlocksDrain, &[(path, budget.clone())]), Answer::Hit(_)),
                is_hit,
                "{budget}"
            );
        }
    }

    #[test]
    fn temporary_budget_of_ceph_is_silent() {
        let status =
            json!({"expectedPods": 3, "desiredHealthy": 3, "currentHealthy": 3, "disruptionsAllowed": 0});
        let budget = json!({"spec": {"maxUnavailable": 0}, "status": status});
        let ask_about = |path: &str| ask(PdbBlocksDrain, &[(path, budget.clone())]);
        assert_eq!(ask_about("config/pdbs/openshift-storage/rook-ceph-osd-rack-rack1.json"), Answer::Miss);
        assert!(matches!(ask_about("config/pdbs/openshift-storage/mine.json"), Answer::Hit(_)));
    }

    #[test]
    fn single_node_is_a_skip() {
        let status =
            json!({"expectedPods": 1, "desiredHealthy": 1, "currentHealthy": 1, "disruptionsAllowed": 0});
        let files = [
            ("config/pdbs/a/b.json", json!({"spec": {"minAvailable": 1}, "status": status})),
            ("config/infrastructure.json", json!({"status": {"controlPlaneTopology": "SingleReplica"}})),
        ];
        assert!(matches!(ask(PdbBlocksDrain, &files), Answer::Skip(_)));
    }

    #[test]
    fn budget_that_is_exhausted_for_the_moment_is_silent() {
        for spec in [
            json!({"maxUnavailable": 1}),
            json!({"maxUnavailable": "10%"}),
            json!({"minAvailable": 2}),
            json!(null),
        ] {
            assert_eq!(ask_about(&spec, 3, 2, 0), Answer::Miss, "{spec}");
        }
    }

    #[test]
    fn budget_without_pods_or_with_an_allowed_disruption_is_silent() {
        assert_eq!(ask_about(&json!({"minAvailable": 1}), 0, 1, 0), Answer::Miss);
        assert_eq!(ask_about(&json!({"minAvailable": 1}), 1, 1, 1), Answer::Miss);
        assert_eq!(ask(PdbBlocksDrain, &[]), Answer::skip_all(&["pod_disruption_budgets"]));
    }
}
