//! Disruption budgets that never let a pod go.

use serde::Serialize;

use super::{meta, non_empty};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
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
}

impl Rule for PdbBlocksDrain {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.pdb_blocks_drain", KEY).requires(POD_DISRUPTION_BUDGETS)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let pdbs = non_empty(context.within_budget(context.pod_disruption_budgets()).filter_map(blocking))?;
        Some(Response::hit(KEY, &Details { pdbs }))
    }
}

fn blocking<'a>(budget: &PodDisruptionBudget<'a>) -> Option<Blocking<'a>> {
    let status = &budget.status;
    let expected = status.expected_pods.0.filter(|&expected| expected > 0)?;
    let desired = status.desired_healthy.0.unwrap_or_default();
    // A budget that is only used up for now lets a pod go when another one has come back.
    let is_permanent = expected <= desired || demands_all_pods(budget);
    (status.disruptions_allowed.0 == Some(0) && is_permanent).then(|| Blocking {
        namespace: budget.namespace,
        name: budget.name,
        expected,
        desired,
        healthy: status.current_healthy.0.unwrap_or_default(),
    })
}

fn demands_all_pods(budget: &PodDisruptionBudget<'_>) -> bool {
    let none_may_be_away = match &budget.spec.max_unavailable {
        IntOrText::Int(count) => *count == 0,
        IntOrText::Text(part) => part == "0%",
        IntOrText::Missing => false,
    };
    none_may_be_away || matches!(&budget.spec.min_available, IntOrText::Text(part) if part == "100%")
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

    fn hit(expected: i64, desired: i64) -> Answer {
        let pdb = json!({"namespace": "a", "name": "b", "expected": expected, "desired": desired, "healthy": expected});
        Answer::Hit(json!({"pdbs": [pdb]}))
    }

    #[test]
    fn a_budget_that_needs_every_pod_is_a_hit() {
        assert_eq!(ask_about(&json!({"minAvailable": 2}), 2, 2, 0), hit(2, 2));
        for spec in
            [json!({"maxUnavailable": 0}), json!({"maxUnavailable": "0%"}), json!({"minAvailable": "100%"})]
        {
            assert_eq!(ask_about(&spec, 3, 2, 0), hit(3, 2), "{spec}");
        }
    }

    #[test]
    fn a_budget_that_is_used_up_for_now_is_none() {
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
    fn a_budget_without_pods_or_with_one_to_spare_is_none() {
        assert_eq!(ask_about(&json!({"minAvailable": 1}), 0, 1, 0), Answer::Miss);
        assert_eq!(ask_about(&json!({"minAvailable": 1}), 1, 1, 1), Answer::Miss);
        assert_eq!(ask(PdbBlocksDrain, &[]), Answer::skip_all(&["pod_disruption_budgets"]));
    }
}
