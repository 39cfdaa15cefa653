//! Machines that nothing replaces when they die.

use serde::Serialize;

use super::meta;
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{MACHINE_HEALTH_CHECKS, MACHINE_SETS},
};

const KEY: &str = "NO_MACHINE_HEALTH_CHECK";

/// A check that every cluster in a cloud has. It only concerns machines that the cloud may take back.
const SPOT_INSTANCES_CHECK: &str = "machine-api-termination-handler";

pub(super) struct NoMachineHealthCheck;

#[derive(Serialize)]
struct Details {
    machinesets: usize,
}

impl Rule for NoMachineHealthCheck {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.no_machine_health_check", KEY)
            .requires(MACHINE_SETS)
            .may_read(MACHINE_HEALTH_CHECKS)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let mut checks = context.within_budget(context.machine_health_checks());
        if checks.any(|check| &*check.metadata.name != SPOT_INSTANCES_CHECK) {
            return None;
        }
        let sets = context.within_budget(context.machine_sets());
        let machinesets = sets.filter(|set| set.replicas() > 0).count();
        (machinesets > 0).then(|| Response::hit(KEY, &Details { machinesets }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn set(name: &str, replicas: u32) -> (String, Value) {
        let path = format!("machinesets/openshift-machine-api/{name}.json");
        (path, json!({"metadata": {"name": name}, "spec": {"replicas": replicas}}))
    }

    fn check(name: &str) -> (String, Value) {
        let path = format!("config/machinehealthchecks/openshift-machine-api/{name}.json");
        (path, json!({"metadata": {"name": name}}))
    }

    fn ask_about(files: &[(String, Value)]) -> Answer {
        let files: Vec<_> = files.iter().map(|(path, content)| (&**path, content.clone())).collect();
        ask(NoMachineHealthCheck, &files)
    }

    #[test]
    fn sets_without_a_check_are_counted() {
        let files = [set("a", 2), set("b", 1), set("c", 0)];
        assert_eq!(ask_about(&files), Answer::Hit(json!({"machinesets": 2})));
    }

    #[test]
    fn the_check_of_spot_instances_does_not_count() {
        let files = [set("a", 2), check("machine-api-termination-handler")];
        assert_eq!(ask_about(&files), Answer::Hit(json!({"machinesets": 1})));
    }

    #[test]
    fn a_check_or_no_machines_are_fine() {
        assert_eq!(ask_about(&[set("a", 2), check("workers")]), Answer::Miss);
        assert_eq!(ask_about(&[set("a", 0)]), Answer::Miss);
        assert_eq!(ask_about(&[]), Answer::skip_all(&["machine_sets"]));
    }
}
