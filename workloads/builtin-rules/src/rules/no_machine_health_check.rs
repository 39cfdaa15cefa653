//! Worker machines without a machine health check.

use serde::Serialize;

use super::meta;
use ccx_rules::{
    ClusterKind, Context, Response, Rule, RuleMeta,
    documents::{GATHERING_REPORT, MACHINE_HEALTH_CHECKS, MACHINE_SETS},
};

const KEY: &str = "NO_MACHINE_HEALTH_CHECK";

/// Gatherer of the machine health checks.
const GATHERER: &str = "clusterconfig/machine_healthchecks";

/// Health check that the platform creates in clouds. It covers spot instances only.
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
            .may_read(GATHERING_REPORT)
            .not_on(ClusterKind::HostedControlPlane, "node pools repair their nodes")
            .not_on(ClusterKind::ManagedService, "the provider replaces unhealthy nodes")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let mut checks = context.within_budget(context.machine_health_checks());
        if checks.any(|check| &*check.metadata.name != SPOT_INSTANCES_CHECK) {
            return None;
        }
        let are_all_read =
            context.machine_health_checks().len() == context.files(&MACHINE_HEALTH_CHECKS).len();
        if !are_all_read || has_gathering_failed(context) {
            return Some(Response::undecided("machine health checks could not be gathered"));
        }
        let sets = context.within_budget(context.machine_sets());
        let machinesets = sets.filter(|set| set.replicas() > 0).count();
        (machinesets > 0).then(|| Response::hit(KEY, &Details { machinesets }))
    }
}

/// Returns whether the archive has no health checks because gathering them failed.
fn has_gathering_failed(context: &Context<'_>) -> bool {
    let reports = context.gathering_report().into_iter().flat_map(|report| report.gatherers.iter());
    let mut failed = reports.filter(|report| !report.errors.is_empty() || report.panic.is_some());
    failed.any(|report| &*report.name == GATHERER)
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
    fn machine_sets_without_a_check_are_counted() {
        let files = [set("a", 2), set("b", 1), set("c", 0)];
        assert_eq!(ask_about(&files), Answer::Hit(json!({"machinesets": 2})));
    }

    #[test]
    fn check_of_spot_instances_does_not_count() {
        let files = [set("a", 2), check("machine-api-termination-handler")];
        assert_eq!(ask_about(&files), Answer::Hit(json!({"machinesets": 1})));
    }

    #[test]
    fn failed_gathering_is_a_skip() {
        let report = |name: &str| {
            let report = json!({"name": name, "errors": ["forbidden"], "panic": null});
            ("insights-operator/gathers.json".to_owned(), json!({"status_reports": [report]}))
        };
        let skip = Answer::Skip("machine health checks could not be gathered".into());
        assert_eq!(ask_about(&[set("a", 2), report(GATHERER)]), skip);
        assert!(matches!(ask_about(&[set("a", 2), report("clusterconfig/other")]), Answer::Hit(_)));
        let empty = ("config/machinehealthchecks/openshift-machine-api/x.json".to_owned(), json!({}));
        assert_eq!(ask_about(&[set("a", 2), empty]), skip);
    }

    #[test]
    fn check_or_no_machines_is_silent() {
        assert_eq!(ask_about(&[set("a", 2), check("workers")]), Answer::Miss);
        assert_eq!(ask_about(&[set("a", 0)]), Answer::Miss);
        assert_eq!(ask_about(&[]), Answer::skip_all(&["machine_sets"]));
    }
}
