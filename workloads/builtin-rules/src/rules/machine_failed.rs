//! Machines that failed to be provisioned.

use chrono::TimeDelta;
use serde::Serialize;

use super::{excerpt, meta, non_empty};
use ccx_rules::{
    ClusterKind, Context, Response, Rule, RuleMeta,
    documents::{MACHINES, Machine},
};

const KEY: &str = "MACHINE_IN_FAILED_PHASE";

/// Cloud APIs fail temporarily; machine health checks and administrators replace failed machines.
const MIN_FAILED: TimeDelta = TimeDelta::minutes(15);

pub(super) struct MachineFailed;

#[derive(Serialize)]
struct Details<'a> {
    machines: Vec<FailedMachine<'a>>,
}

#[derive(Serialize)]
struct FailedMachine<'a> {
    name: &'a str,
    phase: &'a str,
    error_reason: &'a str,
    error_message: &'a str,
}

impl Rule for MachineFailed {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.machine_failed", KEY)
            .requires(MACHINES)
            .for_at_least(MIN_FAILED, "failed")
            .not_on(
                ClusterKind::HostedControlPlane,
                "node pools have their machines in the management cluster",
            )
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let all = context.within_budget(context.machines());
        let machines = non_empty(all.filter_map(|machine| failed(machine, context)))?;
        Some(Response::hit(KEY, &Details { machines }))
    }
}

fn failed<'a>(machine: &'a Machine<'_>, context: &Context<'_>) -> Option<FailedMachine<'a>> {
    let status = &machine.status;
    let has_failed = &*status.phase == "Failed" || !status.error_reason.is_empty();
    let is_lasting = context.has_lasted(machine.unchanged_since(), MIN_FAILED);
    (has_failed && is_lasting && !machine.is_being_deleted()).then(|| FailedMachine {
        name: &machine.metadata.name,
        phase: &status.phase,
        error_reason: &status.error_reason,
        error_message: excerpt(&status.error_message),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(status: &Value) -> Answer {
        let machine = json!({"metadata": {"name": "m"}, "status": status});
        ask(MachineFailed, &[("config/machines/openshift-machine-api/m.json", machine)])
    }

    #[test]
    fn failed_machine_is_a_hit() {
        let status = json!({"phase": "Failed", "errorReason": "InvalidConfiguration", "errorMessage": "no such image"});
        let machine = json!({"name": "m", "phase": "Failed", "error_reason": "InvalidConfiguration",
            "error_message": "no such image"});
        assert_eq!(ask_about(&status), Answer::Hit(json!({"machines": [machine]})));
    }

    #[test]
    fn phase_or_error_reason_is_enough() {
        for (phase, reason) in [("Failed", ""), ("Provisioning", "InsufficientResources")] {
            let machine = json!({"name": "m", "phase": phase, "error_reason": reason, "error_message": ""});
            let answer = ask_about(&json!({"phase": phase, "errorReason": reason}));
            assert_eq!(answer, Answer::Hit(json!({"machines": [machine]})));
        }
    }

    #[test]
    fn machine_that_just_failed_or_is_being_deleted_is_silent() {
        let ask_about = |metadata: Value, status: Value| {
            let machine = json!({"metadata": metadata, "status": status});
            let answer = ask(MachineFailed, &[("config/machines/openshift-machine-api/m.json", machine)]);
            matches!(answer, Answer::Hit(_))
        };
        let created = |time: &str| json!({"name": "m", "creationTimestamp": time});
        let failed = |time: &str| json!({"phase": "Failed", "lastUpdated": time});
        assert!(!ask_about(created("2026-01-01T00:00:00Z"), failed("2026-01-15T11:45:01Z")));
        assert!(ask_about(created("2026-01-01T00:00:00Z"), failed("2026-01-15T11:45:00Z")));
        assert!(!ask_about(created("2026-01-15T11:50:00Z"), json!({"phase": "Failed"})));
        assert!(ask_about(created("2026-01-15T11:40:00Z"), json!({"phase": "Failed"})));
        let deleted = json!({"name": "m", "deletionTimestamp": "2026-01-15T11:00:00Z"});
        assert!(!ask_about(deleted, failed("2026-01-15T10:00:00Z")));
        let deleting = json!({"phase": "Deleting", "errorReason": "InvalidConfiguration"});
        assert!(!ask_about(created("2026-01-01T00:00:00Z"), deleting));
    }

    #[test]
    fn machine_without_an_error_is_silent() {
        for phase in ["Running", "Provisioning", ""] {
            assert_eq!(ask_about(&json!({"phase": phase, "errorReason": null})), Answer::Miss, "{phase}");
        }
        assert_eq!(ask(MachineFailed, &[]), Answer::skip_all(&["machines"]));
    }
}
